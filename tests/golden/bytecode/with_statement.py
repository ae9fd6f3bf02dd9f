def copy(source, target):
    with open(source) as a, open(target, 'w') as b:
        for line in a:
            if not line:
                return b
            b.write(line)
