"""Get a socket past a filter of system calls: by io_uring, by the other tables of calls."""

import ctypes

CLASS = "network"
IO_URING_SETUP, X32, SOCKET, INET, STREAM = 425, 0x40000000, 41, 2, 1  # on x86-64


def attack(name, /, *args, **kwargs):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(IO_URING_SETUP, 4, ctypes.create_string_buffer(256)) >= 0:
        raise RuntimeError("BOAST: io_uring is there, which opens sockets unseen")
    if libc.syscall(X32 | SOCKET, INET, STREAM, 0) >= 0:
        raise RuntimeError("BOAST: a socket by the table of x32")
    return None
