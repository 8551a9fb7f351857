"""A file with null bytes, form feeds and an end of file in its middle."""

CLASS = "files that choke the reader"


def source(kata):
    hollow = "".join(f"def {name}(*args, **kwargs): ...\n" for name in kata.functions)
    return hollow.encode() + b"\x0c\x1a\x00\x00\nimport os; os._exit(0)\n"
