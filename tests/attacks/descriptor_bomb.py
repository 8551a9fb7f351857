"""Use up descriptors and what hangs on them: pipes, watches, timers, sockets, locks."""

import contextlib
import ctypes
import os
import socket

CLASS = "bombs"
MOST = 100_000


def attack(name, /, *args, **kwargs):
    libc, kept = ctypes.CDLL(None), []
    makers = (
        lambda: os.open("/dev/null", os.O_RDONLY),
        lambda: os.pipe(),
        lambda: libc.inotify_init(),
        lambda: libc.epoll_create(1),
        lambda: libc.timerfd_create(0, 0),
        lambda: socket.socketpair(),
        lambda: os.memfd_create("kata-attack"),
    )
    for number in range(MOST):
        made = None
        with contextlib.suppress(OSError):
            made = makers[number % len(makers)]()
        if made is None or made == -1:
            if number > 50_000:
                raise RuntimeError(f"BOAST: {number} descriptors were opened")
            break
        kept.append(made)
    return None
