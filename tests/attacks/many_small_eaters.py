"""Take memory in many processes, each of which stays below its own limit."""

import os
import time

CLASS = "bombs"
PROCESSES = 40
EACH = 2**28


def attack(name, /, *args, **kwargs):
    for _ in range(PROCESSES):
        if os.fork() == 0:
            kept = bytearray(b"x") * EACH
            time.sleep(3)
            os._exit(len(kept) > 0)
    for _ in range(PROCESSES):
        if os.wait()[1] != 256:
            raise MemoryError("one was ended")
    raise RuntimeError(f"BOAST: {PROCESSES * EACH >> 30} GiB were held for 3 seconds")
