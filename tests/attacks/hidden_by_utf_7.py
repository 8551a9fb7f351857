"""Write the file in UTF-7, in which nothing is what it looks like."""

CLASS = "files that choke the reader"


def source(kata):
    hollow = "".join(f"def {name}(*args, **kwargs): ...\n" for name in kata.functions)
    return b"# coding: utf-7\n" + ("+AAo-import os" + "\n" + hollow).encode("ascii")
