def render(name, value, width):
    a = f'{name}: {value!r:>{width}} {value:.2f} {{}}'
    b = '%s=%r' % (name, value)
    return a + f'{name}' + f'' + f'x' + b
