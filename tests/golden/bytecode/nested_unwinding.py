def deep(a, b, c):
    for x in a:
        with b:
            try:
                for y in c:
                    if y:
                        break
                    if x:
                        return x
                    if a:
                        continue
            except E as e:
                if b:
                    return e
                continue
            finally:
                c.done()
