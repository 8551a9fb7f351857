"""Seccomp: from now on the kernel refuses this process the system calls that it has no use for.

The filter is a classic BPF program, assembled here. Of the libraries, pyseccomp needs libseccomp
and its last release is of 2021, seccompy is at its first ones (2026); both are longer than this.
A denied call fails with EPERM, or with ENOSYS where its caller then tries an older one.
"""

import errno
import os
import platform
import struct
from collections.abc import Iterable

from kata.sandbox import system
from kata.sandbox.syscalls import LAST, numbers

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

FORBIDDEN = """
    socket connect bind listen accept accept4 sendmsg sendmmsg
    execve execveat
    kill tkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_send_signal pidfd_open pidfd_getfd
    ptrace process_vm_readv process_vm_writev process_madvise process_mrelease kcmp
    perf_event_open userfaultfd bpf io_uring_setup io_uring_enter io_uring_register
    setpriority ioprio_set migrate_pages move_pages
    unshare setns mount umount2 pivot_root chroot move_mount mount_setattr
    fsopen fsconfig fsmount fspick open_tree name_to_handle_at open_by_handle_at fanotify_init
    add_key request_key keyctl personality lookup_dcookie quotactl quotactl_fd
    shmget shmat shmctl semget semctl msgget msgctl mq_open mq_unlink memfd_create memfd_secret
    truncate symlink symlinkat mknod mknodat chown fchown lchown fchownat
    setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr
    acct swapon swapoff syslog reboot sethostname setdomainname vhangup ioperm iopl
    settimeofday clock_settime adjtimex clock_adjtime
    init_module finit_module delete_module kexec_load kexec_file_load
"""
ABSENT = "clone3 openat2"  # their flags lie behind a pointer, where no filter can look
# Neither Landlock nor a mount stops these outside of the worker's folder, and libraries call them
# on their own files, where nothing depends on it: they do nothing and say that they have done it.
PRETENDED = "chmod fchmod fchmodat utime utimes futimesat utimensat"


X32 = 0x40000000  # this bit marks the second set of calls of an x86_64
NEW_NAMESPACES = 0x7E020000
CLONE_PARENT, CLONE_THREAD = 0x8000, 0x10000
AF_UNIX, SOCK_STREAM, SOCK_TYPE = 1, 1, 0xF
PR_SET_PDEATHSIG = 1
F_SETOWN, F_SETSIG, F_SETOWN_EX = 8, 10, 15  # they make a descriptor send signals to a process
HARMLESS_IOCTLS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # a terminal? how much waits?

LOAD, AND, RETURN = 0x20, 0x54, 0x06
EQUAL, GREATER, REACHES, ANY_BIT = 0x15, 0x25, 0x35, 0x45
ALLOW, KILL, FAIL = 0x7FFF0000, 0x80000000, 0x00050000
DENY = FAIL | errno.EPERM


def restrict(new_processes: bool) -> None:
    """Load the filter. It needs `no_new_privs`, and comes last: from here on little can be set up.

    new_processes  whether this process may fork; it may start threads in any case
    Raises OSError where the kernel has no seccomp or the machine is of an unknown kind.
    """
    number = numbers()
    program = _native_calls_alone()
    for names, verdict in (
        (FORBIDDEN, DENY),
        ("" if new_processes else "fork vfork", DENY),
        (ABSENT, FAIL | errno.ENOSYS),
        (PRETENDED, FAIL),
    ):
        for name in names.split():
            if name in number:
                program += _when(EQUAL, number[name], verdict)
    for name, body in _by_arguments(os.getpid(), new_processes).items():
        if name in number:
            program += [_instruction(EQUAL, number[name], 0, len(body)), *body]
    system.load_filter(b"".join([*program, _instruction(RETURN, ALLOW)]))


def _native_calls_alone() -> list[bytes]:
    architecture = ARCHITECTURES[platform.machine()]
    return [
        _instruction(LOAD, 4),
        _instruction(EQUAL, architecture, 1, 0),
        _instruction(RETURN, KILL),
        _instruction(LOAD, 0),
        *_when(REACHES, X32, KILL),
        *_when(GREATER, LAST, FAIL | errno.ENOSYS),
    ]


def _by_arguments(own: int, new_processes: bool) -> dict[str, list[bytes]]:
    """The calls that depend on what is asked for; `own` is the number of this process."""
    a_process = [*_when(ANY_BIT, CLONE_PARENT, DENY), _instruction(RETURN, ALLOW)]
    clone = [
        _argument(0),
        *_when(ANY_BIT, NEW_NAMESPACES, DENY),
        *_when(ANY_BIT, CLONE_THREAD, ALLOW),
        *(a_process if new_processes else [_instruction(RETURN, DENY)]),
    ]
    socketpair = [
        _argument(0),
        _instruction(EQUAL, AF_UNIX, 1, 0),
        _instruction(RETURN, DENY),
        *_one_of(1, [SOCK_STREAM], mask=SOCK_TYPE),  # others can send to a path
    ]
    # Before ABI 3, Landlock lets whoever may read a file empty it.
    truncates = {"mask": os.O_TRUNC | os.O_ACCMODE, "then": DENY, "otherwise": ALLOW}
    itself = _one_of(0, [0, own])
    return {
        "clone": clone,
        "socketpair": socketpair,
        "open": _one_of(1, [os.O_TRUNC], **truncates),
        "openat": _one_of(2, [os.O_TRUNC], **truncates),
        "tgkill": _one_of(0, [own]),
        "prlimit64": itself,
        "sched_setaffinity": itself,
        "sched_setattr": itself,
        "sched_setparam": itself,
        "sched_setscheduler": itself,
        "prctl": _one_of(0, [PR_SET_PDEATHSIG], then=DENY, otherwise=ALLOW),
        "fcntl": _one_of(1, [F_SETOWN, F_SETSIG, F_SETOWN_EX], then=DENY, otherwise=ALLOW),
        "ioctl": _one_of(1, HARMLESS_IOCTLS, otherwise=FAIL | errno.ENOTTY),
    }


def _one_of(
    position: int,
    values: Iterable[int],
    mask: int = 0xFFFFFFFF,
    then: int = ALLOW,
    otherwise: int = DENY,
) -> list[bytes]:
    """Judge by one argument, of which the kernel reads the lower 32 bits."""
    tests = [step for value in values for step in _when(EQUAL, value, then)]
    masked = [_argument(position), _instruction(AND, mask)]
    return [*masked, *tests, _instruction(RETURN, otherwise)]


def _when(test: int, value: int, verdict: int) -> list[bytes]:
    return [_instruction(test, value, 0, 1), _instruction(RETURN, verdict)]


def _argument(position: int) -> bytes:
    return _instruction(LOAD, 16 + 8 * position)  # both machines are little-endian


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)
