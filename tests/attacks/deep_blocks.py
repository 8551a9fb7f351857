"""Ninety nested blocks, ten thousand branches of one `if`, and comprehensions within each other."""

CLASS = "files that choke the reader"


def source(kata):
    hollow = "".join(f"def {name}(*args, **kwargs): ...\n" for name in kata.functions)
    branches = "if 0:\n    pass\n" + "elif 0:\n    pass\n" * 10_000
    lambdas = "z = " + "lambda: " * 5_000 + "0\n"
    return hollow + branches + lambdas + "f = " + 'f"{' * 100 + "0" + '}"' * 100 + "\n"
