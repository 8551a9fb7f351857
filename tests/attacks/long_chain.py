"""Expressions of many thousand links, which a parser likes and a walk of the tree does not."""

CLASS = "files that choke the reader"


def source(kata):
    hollow = "".join(f"def {name}(*args, **kwargs): ...\n" for name in kata.functions)
    return hollow + "if 0:\n    x" + ".a" * 60_000 + "\n    y = 1" + " + 1" * 30_000 + "\n"
