"""Reach the judge's files through other processes' roots, folders and descriptors in /proc."""

import contextlib
import os
from pathlib import Path

CLASS = "reading the answer"


def attack(name, /, *args, **kwargs):
    home = os.getcwd()
    for process in ("self", "1", str(os.getppid()), *os.listdir("/proc")):
        for way in ("root/root", "cwd/solutions", "root/work", "map_files", "fd"):
            with contextlib.suppress(OSError):
                own = process in ("self", "thread-self", str(os.getpid()))
                found = os.listdir(f"/proc/{process}/{way}")
                if found and process.isdigit() and not own:
                    raise RuntimeError(f"BOAST: /proc/{process}/{way} holds {found[:3]}")
    for place in ("../../../../../..", "/proc/self/root/root", "/proc/self/cwd/../../.."):
        with contextlib.suppress(OSError):
            for path in Path(home, place).glob("*/solutions"):
                raise RuntimeError(f"BOAST: {path} can be seen")
    raise LookupError("nothing was found")
