x = 1
y: int = x
for i in range(3):
    x += i
try:
    z = x
except NameError as e:
    pass
del x
global_name = lambda a, b=2: a + b
