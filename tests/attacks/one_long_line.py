"""A single line of megabytes, and as many statements on the next."""

CLASS = "files that choke the reader"


def source(kata):
    hollow = "".join(f"def {name}(*args, **kwargs): ...\n" for name in kata.functions)
    return hollow + "x = [" + "0," * 500_000 + "]\n" + "y = 1;" * 100_000 + "\n"
