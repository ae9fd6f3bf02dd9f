def comprehend(rows):
    a = [x for x in rows]
    b = {x for row in rows for x in row if x}
    c = {k: v for k, v in rows}
    return a, b, c, [[y for y in x] for x in rows]
