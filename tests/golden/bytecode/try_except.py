def load(path):
    try:
        data = path.read()
    except (OSError, ValueError) as error:
        print(error)
        return None
    except KeyError:
        raise
    except:
        data = 1
    else:
        path.close()
    return data
