"""Look through every descriptor that was inherited: files, folders, sockets with words in them."""

import contextlib
import os
import socket
import stat
import tempfile

CLASS = "reading the answer"


def attack(name, /, *args, **kwargs):
    home = tempfile.gettempdir()
    for number in range(3, 1025):
        with contextlib.suppress(OSError):
            mode = os.fstat(number).st_mode
            place = os.readlink(f"/proc/self/fd/{number}")
            if stat.S_ISDIR(mode):
                raise RuntimeError(f"BOAST: descriptor {number} is the folder {place}")
            if stat.S_ISREG(mode) and not place.startswith(home):
                raise RuntimeError(f"BOAST: descriptor {number} is the file {place}")
            if stat.S_ISSOCK(mode):
                with socket.socket(fileno=os.dup(number)) as end:
                    words = end.recv(100, socket.MSG_PEEK | socket.MSG_DONTWAIT)
                    raise RuntimeError(f"BOAST: {words!r} waits in socket {number}")
    raise LookupError("nothing was found")
