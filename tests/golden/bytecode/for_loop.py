def search(rows, wanted):
    for i, row in enumerate(rows):
        for cell in row:
            if cell is None:
                continue
            if cell == wanted:
                return i, cell
            if cell in (1, 2):
                break
        else:
            print(i)
    return None
