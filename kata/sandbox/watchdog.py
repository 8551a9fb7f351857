"""What a worker has spent, and whether it is too much: seen from outside, for its whole tree.

CPU time is what is limited, since on a loaded machine the clock on the wall says nothing about a
learner's code. What sleeps spends none: so there is a limit on idleness too, and the wall's last.
"""

import contextlib
import os
import time
from pathlib import Path

import psutil

from kata.sandbox.limits import Limits

MOST_FILES = 10_000
LEAST_WORK = 0.05  # of a core
PATIENCE = 0.25  # seconds between two looks: each reads /proc for every process of the machine


class Watchdog:
    """Looks at the tree of processes below one, and at what they write.

    The CPU time of the judge counts with it: what a hostile answer makes the suite do is the
    answer's doing.

    began  when the kata's first worker was hired, by the monotonic clock
    """

    def __init__(self, pid: int, folder: Path, limits: Limits, began: float):
        self._limits = limits
        self._began = began
        self._folder = folder
        self._process = psutil.Process(pid)
        self._resident: dict[int, int] = {}
        self._looked = 0.0
        self._spent = 0.0
        self.begin()

    def begin(self) -> None:
        """A test begins: what it may spend counts from the last look on.

        That was less than PATIENCE ago for whoever worked since. Another one now would cost more
        than many a test.
        """
        self._idle = 0.0
        self._begins = True
        self._own = time.process_time()

    def excess(self) -> str:
        """What it has too much of, in words; "" while it is within its limits."""
        now = time.monotonic()
        if now - self._looked < PATIENCE:
            return ""
        passed, self._looked = now - self._looked, now
        tree = self._tree()
        self._note_progress(tree, min(passed, 2 * PATIENCE))  # it may be the judge who was busy
        limits = self._limits
        found = {
            f"more than {limits.cpu:g} seconds of CPU time in one test: a loop without an end?": (
                self._spent - self._before + time.process_time() - self._own > limits.cpu
            ),
            f"{limits.idle:g} seconds in which your code did nothing": (self._idle > limits.idle),
            f"more than {limits.wall:g} seconds for the kata": now - self._began > limits.wall,
            f"more than {limits.memory / 2**30:.1f} GiB of memory": (
                self._grown(tree) > limits.memory
            ),
            f"more than {limits.disk / 2**20:.0f} MiB of files, or more than {MOST_FILES}": (
                not _is_small(self._folder, limits.disk)
            ),
        }
        return next((words for words, is_so in found.items() if is_so), "")

    def _note_progress(self, tree: list[psutil.Process], passed: float) -> None:
        """Whoever works, or waits for a core or a disk, is not idle; a twitch now and then is."""
        spent = _cpu_seconds(tree)
        if self._begins:  # of those that have ended since nothing is seen any more
            self._before = self._spent = min(spent, self._spent)
            self._begins = False
        works = spent - self._spent > LEAST_WORK * passed
        if not works and not any(_waits_for_the_machine(process) for process in tree):
            self._idle += passed
        self._spent = max(spent, self._spent)

    def _tree(self) -> list[psutil.Process]:
        try:
            return [self._process, *self._process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def _grown(self, tree: list[psutil.Process]) -> int:
        """The bytes that its processes have come to use since each was first seen."""
        total = 0
        for process in tree:
            try:
                resident = process.memory_info().rss
            except psutil.Error:
                continue
            total += resident - self._resident.setdefault(process.pid, resident)
        return total


def _cpu_seconds(tree: list[psutil.Process]) -> float:
    total = 0.0
    for process in tree:
        with contextlib.suppress(psutil.Error):
            total += sum(process.cpu_times()[:4])  # its own, and of those that it has waited for
    return total


def _is_small(folder: Path, most: int) -> bool:
    """Whether what lies in the folder is within bounds; where it is a tmpfs, it looks empty."""
    count = size = 0
    for place, _, names in os.walk(folder):
        for name in names:
            count += 1
            with contextlib.suppress(OSError):
                size += os.lstat(os.path.join(place, name)).st_blocks * 512
            if size > most or count > MOST_FILES:
                return False
    return True


def _waits_for_the_machine(process: psutil.Process) -> bool:
    try:
        return process.status() in (psutil.STATUS_RUNNING, psutil.STATUS_DISK_SLEEP)
    except psutil.Error:
        return False
