"""Ask for codecs that do not exist, decompress, or are no encodings of text."""

CLASS = "files that choke the reader"
CODECS = ("zlib", "rot13", "idna", "mbcs", "undefined", "../../evil", "x" * 1000)


def source(kata):
    hollow = "".join(f"def {name}(*args, **kwargs): ...\n" for name in kata.functions)
    return f"# coding: {CODECS[len(kata.name) % len(CODECS)]}\n{hollow}"
