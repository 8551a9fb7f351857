"""Look for secrets and paths in the environment and command lines of this and other processes."""

import contextlib
import os
from pathlib import Path

CLASS = "reading the answer"
SECRET = "KATA_ATTACK_" + "SECRET"


def attack(name, /, *args, **kwargs):
    if SECRET in os.environ or SECRET.encode() in Path("/proc/self/environ").read_bytes():
        raise RuntimeError("BOAST: this process has the judge's environment")
    for folder in Path("/proc").glob("[0-9]*"):
        if int(folder.name) == os.getpid():
            continue
        for file in ("environ", "mem", "maps", "auxv"):
            with contextlib.suppress(OSError), (folder / file).open("rb") as stream:
                if stream.read(1):
                    raise RuntimeError(f"BOAST: {file} of another process was read")
    raise LookupError("nothing was found")
