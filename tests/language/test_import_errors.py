"""Messages of imports that cannot succeed."""
import os
import subprocess
import sys
import tempfile


def test_import_function_deleted():
    for code in ("import builtins; del builtins.__import__; import os", "del __builtins__.__import__; import os"):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.stderr.splitlines()[-1] == "ImportError: __import__ not found", done.stderr


def test_submodule_that_is_being_imported():
    with tempfile.TemporaryDirectory() as folder:
        package = os.path.join(folder, "circular")
        os.mkdir(package)
        for name, text in (("__init__", ""), ("parent", "import circular.child"), ("child", "import circular\ncircular.parent\n")):
            with open(os.path.join(package, name + ".py"), "w") as out:
                out.write(text)
        sys.path.insert(0, folder)
        try:
            import circular.parent
            assert False
        except AttributeError as error:
            assert str(error) == ("cannot access submodule 'parent' of module 'circular' (most likely due to a circular import)"), error
            assert error.name == "parent"
        finally:
            sys.path.remove(folder)


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
