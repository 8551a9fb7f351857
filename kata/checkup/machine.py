"""The machine: cores, memory, room on the disk."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil

from kata.checkup import FINE, REMARK, TROUBLE, Finding

MEMORY = 1.5e9  # the libraries take nearly 1 GB in each process
ROOM, LEAST_ROOM = 1e9, 50e6  # a run of `kata train` writes some hundred MB, a kata next to nothing


def memory(root: Path) -> Iterator[Finding]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    state = psutil.virtual_memory()
    seen = f"{cores} cores; {state.available / 1e9:.1f} of {state.total / 1e9:.1f} GB memory free"
    if state.available >= MEMORY:
        yield Finding(FINE, "machine", seen)
    else:
        mend = "close what you do not need, and run one process at a time: pytest -n0 ..."
        yield Finding(REMARK, "machine", f"{seen}; a kata needs about 1 GB", mend)


def disk(root: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(root).free
    seen = f"{free / 1e9:.1f} GB free"
    if free >= ROOM:
        yield Finding(FINE, "disk", seen)
    else:
        mark = REMARK if free >= LEAST_ROOM else TROUBLE
        mend = "make room; what `kata train` and `kata show` wrote lies in runs/ and .kata/"
        yield Finding(mark, "disk", f"{seen}; `kata train` writes some hundred MB", mend)
