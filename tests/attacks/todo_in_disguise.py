"""Look unwritten and be written: the stub's own error, raised after the work of an attack."""

import os

CLASS = "leaving early"


def attack(name, /, *args, **kwargs):
    os.write(1, b"8 passed\n")
    raise NotImplementedError(f"TODO: {name}\x1b[31m</script>\n::error::" + "x" * 10**6)
