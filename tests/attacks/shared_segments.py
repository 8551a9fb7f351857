"""Leave behind what outlives every process: shared segments, queues, semaphores, kernel keys."""

import ctypes

CLASS = "outliving the call"
KEY = 0x6B617461  # "kata", by which they are found again
CREATE = 0o1666


def attack(name, /, *args, **kwargs):
    libc = ctypes.CDLL(None)
    libc.shmget(KEY, 2**20, CREATE)
    libc.msgget(KEY, CREATE)
    libc.semget(KEY, 1, CREATE)
    libc.shm_open(b"/kata-attack", 0o102, 0o600)
    libc.sem_open(b"/kata-attack", 0o102, 0o600, 1)
    libc.syscall(240, b"kata-attack", 0o102, 0o600, None)  # mq_open on x86-64
    libc.syscall(248, b"user", b"kata-attack", b"x", 1, -4)  # add_key on x86-64
    return None
