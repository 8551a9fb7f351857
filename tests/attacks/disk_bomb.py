"""Fill the disk: one large file, sparse ones, files deleted while they are open."""

import contextlib
import os
import tempfile

CLASS = "bombs"
MOST = 8 * 2**30
STEP = 2**26


def attack(name, /, *args, **kwargs):
    os.chdir(tempfile.gettempdir())
    kept, written = [], 0
    block = b"x" * STEP
    with contextlib.suppress(OSError):
        sparse = os.open("sparse", os.O_CREAT | os.O_RDWR)
        os.ftruncate(sparse, 2**43)
    with contextlib.suppress(OSError):
        os.posix_fallocate(os.open("claimed", os.O_CREAT | os.O_RDWR), 0, MOST)
        raise RuntimeError(f"BOAST: {MOST >> 30} GiB of disk were claimed")
    for number in range(10**4):
        file = os.open(f"bomb-{number}", os.O_CREAT | os.O_WRONLY)
        os.unlink(f"bomb-{number}")
        kept.append(file)
        for _ in range(4):
            written += os.write(file, block)
            if written > MOST:
                raise RuntimeError(f"BOAST: {written >> 30} GiB of disk were filled")
