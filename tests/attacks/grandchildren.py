"""Leave grandchildren in sessions of their own, which burn, write and wait after the call."""

import contextlib
import os
import signal
import time

CLASS = "outliving the call"
PLACES = (".", "/tmp", "/var/tmp", "/dev/shm", "/run/user/0", "..")


def live_on():
    """Work against whoever comes next, for a minute."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for place in PLACES:
            with contextlib.suppress(OSError), open(f"{place}/kata-attack-grandchild", "a") as file:
                file.write("here\n")
        sum(range(10**5))


def attack(name, /, *args, **kwargs):
    for number in range(3):
        if os.fork() == 0:
            os.setsid()
            for hangup in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
                signal.signal(hangup, signal.SIG_IGN)
            if os.fork() == 0:
                with contextlib.suppress(OSError):
                    os.chdir("/" if number else ".")
                live_on()
            os._exit(0)
    return None
