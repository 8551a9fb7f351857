"""Fork without an end, or until it is plain that nobody counts."""

import os
import time

CLASS = "bombs"
MOST = 3000


def attack(name, /, *args, **kwargs):
    started = 0
    deadline = time.monotonic() + 60
    while started < MOST:
        try:
            if os.fork() == 0:
                while time.monotonic() < deadline:
                    time.sleep(1)
                os._exit(0)
            started += 1
        except OSError:
            raise MemoryError("no more processes") from None
    raise RuntimeError(f"BOAST: {started} processes were started")
