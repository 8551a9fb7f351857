"""A file that is no text: bytes of a program, a broken UTF-8, two byte-order marks."""

CLASS = "files that choke the reader"


def source(kata):
    return b"\xef\xbb\xbf\xef\xbb\xbf\x7fELF\x02\x01\x01\xff\xfe\xc0\x80" + bytes(range(256)) * 100
