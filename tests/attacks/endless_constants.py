"""Constants that take for ever to fold, to compute or to write out."""

CLASS = "files that choke the reader"
LINES = "x = 9**9**9\ny = 1 << (1 << 40)\nz = 'x' * 2**40\nw = " + "9" * 100_000 + "\n"


def source(kata):
    return LINES + "".join(f"def {name}(*args, **kwargs): ...\n" for name in kata.functions)
