"""Define the functions by look-alike letters, and as things that are no functions."""

CLASS = "files that choke the reader"


def source(kata):
    lines = ["import sys", 'x = "\\ud800"', "__file__ = __name__ = __spec__ = None"]
    lines += [f"{name.replace('a', 'а').replace('e', 'е')} = print" for name in kata.functions]  # noqa: RUF001
    lines += [f"{name} = {value}" for name in kata.functions for value in ("None", "int")]
    lines += ["__getattr__ = lambda name: print", "sys.modules[__name__] = None"]
    return "\n".join(lines) + "\n"
