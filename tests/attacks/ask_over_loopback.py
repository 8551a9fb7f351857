"""Ask a friend on this machine for the solution, over TCP and UDP."""

import contextlib
import socket

CLASS = "network"
PORT = 28517  # where `kata selfattack` has a friend waiting, with all solutions


def asked(name):
    """What the friend says."""
    for family, place in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_STREAM) as line:
            line.settimeout(3)
            line.connect((place, PORT))
            line.sendall(name.encode() + b"\n")
            with line.makefile("rb") as answer:
                return answer.read().decode()
    raise ConnectionError("nobody answers")


def attack(name, /, *args, **kwargs):
    space = {}
    exec(asked(name), space)
    return space[name](*args, **kwargs)
