"""Types of a native module found and used (object.__subclasses__) by threads while another one still imports it."""

import subprocess
import sys

import common

PROGRAM = """
import sys, threading

done = False

def use_types():
    while not done:
        for t in object.__subclasses__():
            if t.__module__ != "decimal":
                continue
            if t.__name__ == "Decimal":
                assert str(t(1) + 1) == "2" and str(t(1) / t(4)) == "0.25" and t(2).as_tuple().digits == (2,)
            elif t.__name__ == "Context":
                assert str(t(prec=4).divide(1, 3)) == "0.3333"

threads = [threading.Thread(target=use_types) for _ in range(int(sys.argv[1]))]
for thread in threads:
    thread.start()
import decimal
done = True
for thread in threads:
    thread.join()
"""


def body(n):
    run = subprocess.run([sys.executable, "-c", PROGRAM, str(max(common.THREADS // 2, 1))], capture_output=True, text=True)
    common.check(run.returncode == 0 and not run.stderr, (run.returncode, run.stderr))


common.main(lambda: common.phases(body))
