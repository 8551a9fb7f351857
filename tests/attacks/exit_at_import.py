"""Say that all passed and leave, as soon as the file is read."""

import os
import sys

CLASS = "leaving early"

print("===== 8 passed in 0.01s =====", flush=True)
print("===== 8 passed in 0.01s =====", file=sys.stderr, flush=True)
os._exit(0)


def attack(name, /, *args, **kwargs):
    return None
