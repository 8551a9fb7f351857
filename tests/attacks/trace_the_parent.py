"""Trace the parent, read and write its memory, take its descriptors."""

import contextlib
import ctypes
import os
from pathlib import Path

CLASS = "killing or reading the parent"
ATTACH, SEIZE, READV, PIDFD_OPEN, PIDFD_GETFD = 16, 0x4206, 310, 434, 438


class Piece(ctypes.Structure):
    """An `iovec`."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


def attack(name, /, *args, **kwargs):
    libc, parent = ctypes.CDLL(None), os.getppid()
    for file in ("mem", "environ", "maps", "fd/0", "syscall", "stack"):
        with contextlib.suppress(OSError), Path(f"/proc/{parent}/{file}").open("rb"):
            if parent:
                raise RuntimeError(f"BOAST: {file} of the parent can be read")
    for request in (ATTACH, SEIZE):
        if parent and libc.ptrace(request, parent, 0, 0) == 0:
            raise RuntimeError("BOAST: the parent is traced")
    buffer = ctypes.create_string_buffer(8)
    mine, theirs = Piece(ctypes.addressof(buffer), 8), Piece(id(None), 8)
    if (
        parent
        and libc.syscall(READV, parent, ctypes.byref(mine), 1, ctypes.byref(theirs), 1, 0) > 0
    ):
        raise RuntimeError("BOAST: the parent's memory was read")
    handle = libc.syscall(PIDFD_OPEN, parent, 0) if parent else -1
    for number in range(64 if handle >= 0 else 0):
        if libc.syscall(PIDFD_GETFD, handle, number, 0) >= 0:
            raise RuntimeError(f"BOAST: descriptor {number} of the parent was taken")
    return None
