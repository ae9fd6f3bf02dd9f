"""bytearray resized by some threads while others read it, slice it and take memoryviews of it."""

import common


def body(n):
    shared = bytearray(b"x" * 200)
    stop = []

    def resize(index):
        random = common.rng(index + n)
        for i in range(400):
            what = random.below(6)
            try:
                if what == 0:
                    shared.extend(b"x" * random.below(100))
                elif what == 1:
                    del shared[random.below(50):random.below(400)]
                elif what == 2:
                    shared.append(120)
                elif what == 3 and len(shared) > 300:
                    shared.pop()
                elif what == 4:
                    shared[0:5] = b"xxxxxxx"
                else:
                    shared.insert(random.below(100), 120)
            except BufferError as error:
                common.check("cannot be re-sized" in str(error), error)
            except IndexError:
                pass

    def read(index):
        random = common.rng(index + 50 + n)
        for i in range(300):
            with memoryview(shared) as view:
                size = len(view)
                common.equal(len(view.tobytes()), size, "a view changed its size")
                common.check(view.tobytes().count(b"x") == size, "a view shows foreign bytes")
                part = view[size // 4:size // 2]
                common.equal(bytes(part), b"x" * len(part), "part of a view")
                part.release()
            copy = bytes(shared)
            common.check(copy == b"x" * len(copy), "foreign bytes")
            copy = shared[random.below(100):random.below(400)]
            common.check(copy.strip(b"x") == b"", "foreign bytes in a slice")
            try:
                common.equal(shared[random.below(300)], 120, "item")
            except IndexError:
                pass
            shared.find(b"y"), shared.count(b"x"), shared.upper(), shared == copy
            for made in shared + b"x", shared * 2, shared.copy(), bytearray(shared), bytes(iter(shared)), shared % ():
                common.check(made.strip(b"x") == b"", "foreign bytes in a copy")
            common.equal(repr(shared)[len("bytearray(b'"):-len("')")].strip("x"), "", "foreign bytes in a text")
            common.check(b"y" not in shared and not shared > b"y" and copy + b"y" != shared, "foreign bytes found")

    common.run_threads(resize, count=2, extra=[read] * max(1, common.THREADS - 2))

    fixed = bytearray(8 * common.THREADS)
    view = memoryview(fixed)

    def own(index):
        mine = view[index * 8:index * 8 + 8]
        for i in range(500):
            mine[:] = bytes([i & 255]) * 8
            common.equal(bytes(mine), bytes([i & 255]) * 8, "own part of a shared buffer")

    common.run_threads(own)
    common.equal(bytes(fixed), bytes([499 & 255]) * (8 * common.THREADS), "the buffer at the end")


common.main(lambda: common.phases(body))
