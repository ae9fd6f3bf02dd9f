def tree(node):
    if node is not None:
        yield from tree(node.left)
        x = yield node.value
        if x:
            return x
        yield


def squares(limit):
    return (i * i for i in range(limit) if i % 2)
