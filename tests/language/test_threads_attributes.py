# Attributes read while another thread switches their object to a dict.
import threading


class Wide:
    flag = "class"

    def __init__(self):
        for i in range(24):
            setattr(self, "a%d" % i, [i])
        self.flag = "instance"


def test_dict_mode_under_readers():
    wrong = []
    for _ in range(60):
        objects = [Wide() for _ in range(20)]
        ready = threading.Barrier(2)

        def switch():
            ready.wait()
            for o in objects:
                del o.a3
                o.__dict__["late"] = 1

        thread = threading.Thread(target=switch)
        thread.start()
        ready.wait()
        for o in objects:
            for _ in range(30):
                if o.flag != "instance" or o.a20 != [20] or o.a1 != [1]:
                    wrong.append(o)
        thread.join()
    assert not wrong


def test_own_attributes_after_join():
    for _ in range(300):
        thread = threading.Thread(target=int, args=("7",))
        thread.start()
        thread.join()
        assert not thread.is_alive()


for name, function in list(globals().items()):
    if name.startswith("test_"):
        function()
