"""A file nested so deeply that its reader runs out of stack."""

CLASS = "files that choke the reader"


def source(kata):
    hollow = "".join(f"def {name}(*args, **kwargs): ...\n" for name in kata.functions)
    return hollow + "x = " + "(" * 50_000 + ")" * 50_000 + "\ny = " + "-" * 150_000 + "1\n"
