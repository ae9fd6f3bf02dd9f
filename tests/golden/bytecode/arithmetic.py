def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


def horner(coefficients, x):
    result = 0.0
    for c in coefficients:
        result = result * x + c
    return -result
