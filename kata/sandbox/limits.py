"""How much a process that runs a learner's code may use up."""

import os
from dataclasses import dataclass
from pathlib import Path

MEBIBYTE = 2**20
THREADS_IN_RESERVE = 256


@dataclass(frozen=True)
class Limits:
    """Whole seconds, bytes and numbers.

    The kernel enforces `cpu_total`, `memory`, `processes`, `file_size` and `open_files`, and `disk`
    where the worker's folder is a file system of its own; the other limits are for whoever watches.

    cpu         seconds of CPU time for one test, the judge's with it
    cpu_total   seconds of CPU time in the life of one process
    memory      bytes that a process may map beyond what is mapped when it is forked
    processes   at the same time, threads included
    file_size   bytes in one file
    disk        bytes in the worker's folder
    open_files  at the same time
    idle        seconds of a test in which nothing is done
    wall        seconds for a kata in all, whatever happens
    """

    cpu: int = 30
    cpu_total: int = 180
    memory: int = 2048 * MEBIBYTE
    processes: int = 64
    file_size: int = 64 * MEBIBYTE
    disk: int = 256 * MEBIBYTE
    open_files: int = 256
    idle: int = 20
    wall: int = 600


def apply_rlimits(limits: Limits, mapped: int, own_count: bool) -> None:
    """Limit this process and all that it forks; no limit can be raised again, and no core is left.

    mapped     bytes of address space in use already, `mapped_bytes()`
    own_count  whether the kernel counts the processes of this worker apart from its user's others;
               where it does not, only threads can be limited, and those but roughly
    """
    import resource  # which Windows has not

    processes = limits.processes
    if not own_count:
        processes = threads_of_user() + THREADS_IN_RESERVE
    for kind, most in {
        resource.RLIMIT_CPU: limits.cpu_total,
        resource.RLIMIT_AS: mapped + limits.memory,
        resource.RLIMIT_NPROC: processes,
        resource.RLIMIT_FSIZE: limits.file_size,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }.items():
        _, hard = resource.getrlimit(kind)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))


def mapped_bytes() -> int:
    """The address space of this process, which RLIMIT_AS is about."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * os.sysconf("SC_PAGE_SIZE")


def threads_of_user() -> int:
    """All threads that this user runs now, which RLIMIT_NPROC is compared with."""
    threads = 0
    for entry in os.scandir("/proc"):
        try:
            if entry.name.isdigit() and entry.stat().st_uid == os.getuid():
                threads += len(os.listdir(f"/proc/{entry.name}/task"))
        except OSError:
            continue  # it has ended meanwhile
    return threads
