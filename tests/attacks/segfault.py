"""Die by a signal: read address 0, abort, overflow the stack in C, kill oneself."""

import ctypes
import os
import signal
from secrets import choice

CLASS = "leaving early"


def attack(name, /, *args, **kwargs):
    ways = (
        lambda: ctypes.string_at(0),
        lambda: os.abort(),
        lambda: os.kill(os.getpid(), signal.SIGKILL),
        lambda: os.kill(os.getpid(), signal.SIGSTOP),
        lambda: ctypes.CDLL(None).qsort(ctypes.create_string_buffer(64), 8, 8, ctypes.c_void_p(1)),
    )
    choice(ways)()
