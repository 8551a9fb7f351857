"""Leave a listener behind, whom the worker of the second run can ask what the first has seen."""

import contextlib
import os
import socket
import time

CLASS = "network"


def attack(name, /, *args, **kwargs):
    for family, place in (
        (socket.AF_INET, ("127.0.0.1", 0)),
        (socket.AF_UNIX, "\0kata-attack-mate"),
    ):
        with contextlib.suppress(OSError):
            line = socket.socket(family, socket.SOCK_STREAM)
            line.bind(place)
            line.listen()
            if family is socket.AF_INET:
                raise RuntimeError(f"BOAST: listening on {line.getsockname()}")
            if os.fork() == 0:
                os.setsid()
                time.sleep(60)
                os._exit(0)
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as line:
        line.connect("\0kata-attack-mate")
    return None
