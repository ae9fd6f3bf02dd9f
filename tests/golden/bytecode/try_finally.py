def work(items):
    for item in items:
        try:
            if item:
                continue
            return item.value
        finally:
            item.close()
