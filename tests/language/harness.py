"""Runs every test function of the given file by itself and reports each on a line of its own: `ok NAME` or `FAIL NAME: why`."""
import sys
import traceback
import types

path = sys.argv[1]
with open(path, encoding="utf-8") as source_file:
    source = source_file.read()
# The files run themselves when executed; here the functions are called one by one.
source = source.split("\nfor name, function in list(globals().items()):")[0]
module = types.ModuleType("language_test")
sys.modules["language_test"] = module  # where pickle looks for the file's functions and classes
namespace = module.__dict__
namespace["__file__"] = path
sys.argv = [path]
exec(compile(source, path, "exec"), namespace)
for name, function in list(namespace.items()):
    if name.startswith("test_") and callable(function):
        try:
            function()
        except BaseException as error:
            frames = traceback.extract_tb(error.__traceback__)
            where = f"line {frames[-1].lineno}: {frames[-1].line}" if frames else "?"
            print(f"FAIL {name}: {type(error).__name__}: {error} ({where})", flush=True)
        else:
            print(f"ok {name}", flush=True)
print("done", flush=True)
