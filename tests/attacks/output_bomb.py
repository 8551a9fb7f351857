"""Write output without an end, to both streams and to their descriptors."""

import os
import sys

CLASS = "bombs"
MOST = 2**33


def attack(name, /, *args, **kwargs):
    line = b"x" * 2**20
    written = 0
    while written < MOST:
        written += os.write(1, line)
        written += os.write(2, line)
        sys.stdout.write("y" * 2**16)
        sys.stdout.flush()
    return None
