"""Start processes that are no children: by clone with the parent's parent, by vfork, by io."""

import ctypes
import os
import signal
import time

CLASS = "outliving the call"
CLONE, CLONE_PARENT, PR_SET_PDEATHSIG = 56, 0x8000, 1  # the first on x86-64


def attack(name, /, *args, **kwargs):
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_PDEATHSIG, 0)
    for _ in range(5):
        if libc.syscall(CLONE, CLONE_PARENT | signal.SIGCHLD, 0, 0, 0, 0) == 0:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                time.sleep(0.1)
            os._exit(0)
    return None
