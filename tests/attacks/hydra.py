"""Fork all the time and die at once, so that whoever kills always comes too late."""

import os
import signal
import time

CLASS = "outliving the call"


def attack(name, /, *args, **kwargs):
    deadline = time.monotonic() + 45
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in range(4):
        if os.fork() == 0:
            os.setsid()
            while time.monotonic() < deadline:
                try:
                    if os.fork():
                        os._exit(0)
                except OSError:
                    time.sleep(0.001)
            os._exit(0)
    return None
