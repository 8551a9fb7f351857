"""A line as long as a file may be, and as many statements on the next."""

CLASS = "files that choke the reader"


def source(kata):
    hollow = "".join(f"def {name}(*args, **kwargs): ...\n" for name in kata.functions)
    return hollow + "x = [" + "0," * 60_000 + "]\n" + "y = 1;" * 20_000 + "\n"
