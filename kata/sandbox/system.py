"""The system calls for giving up rights that Python has no function for: thin, and with OSError."""

import contextlib
import ctypes
import functools
import os
import select
import struct
from pathlib import Path

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
MNT_DETACH = 2
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_MOUNT_SETATTR = 442

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP = 1, 4, 22
_PR_CAPBSET_DROP, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 24, 36, 38
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
_SECCOMP_MODE_FILTER = 2
_CAPABILITY_VERSION_3 = 0x20080522
CAP_SETGID, CAP_SETUID, CAP_SYS_ADMIN = 6, 7, 21
_SIGKILL = 9
_HUGE_PAGE, _MADV_COLLAPSE = 2**21, 25


@functools.cache
def _libc():
    return ctypes.CDLL(None, use_errno=True)


def call(name: str, *arguments) -> int:
    """Call a function of the C library. Raises OSError where it returns -1."""
    long = (ctypes.c_long(a) if isinstance(a, int) else a for a in arguments)
    result = getattr(_libc(), name)(*long)
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def syscall(number: int, *arguments) -> int:
    return call("syscall", number, *arguments)


# This process's rights


def allow_no_new_privileges() -> None:
    """No program that is started may have more rights than this process: no set-user-ID."""
    call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def capable(capability: int) -> bool:
    """Whether this process has the capability of this number (`CAP_...`)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    effective = next(line.split()[1] for line in lines if line.startswith("CapEff:"))
    return bool(int(effective, 16) >> capability & 1)


def drop_bounding_capabilities() -> None:
    """What is out of the bounding set can never come back; only who has CAP_SETPCAP may do it."""
    with contextlib.suppress(OSError):  # EPERM without CAP_SETPCAP, EINVAL past the last one
        for capability in range(64):
            call("prctl", _PR_CAPBSET_DROP, capability, 0, 0, 0)


def drop_capabilities() -> None:
    call("prctl", _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    call("capset", struct.pack("Ii", _CAPABILITY_VERSION_3, 0), bytes(24))


def set_dumpable(dumpable: bool) -> None:
    """Whether others of this user may look into this process, and its /proc is its user's."""
    call("prctl", _PR_SET_DUMPABLE, int(dumpable), 0, 0, 0)


def load_filter(program: bytes) -> None:
    """Let a BPF program judge every system call from now on; see `kata/sandbox/seccomp.py`."""
    instructions = ctypes.create_string_buffer(program, len(program))
    address = ctypes.addressof(instructions)
    call(
        "prctl",
        _PR_SET_SECCOMP,
        _SECCOMP_MODE_FILTER,
        struct.pack("HP", len(program) // 8, address),
    )


# Memory


def use_huge_pages() -> None:
    """Let what this process holds in memory lie in pages of 2 MiB, as far as the kernel can.

    A fork copies, and its end clears, an entry for each page. From Linux 6.1 on; it costs a second.
    """
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, rights, _, _, inode, *_ = line.split()
        start, end = (int(edge, 16) for edge in span.split("-"))
        start += -start % _HUGE_PAGE
        length = (end - start) // _HUGE_PAGE * _HUGE_PAGE
        if rights == "rw-p" and inode == "0" and length > 0:
            with contextlib.suppress(OSError):  # not all of it can: what was never written to
                call("madvise", start, length, _MADV_COLLAPSE)


# The tree of processes


def die_with(parent: int) -> None:
    """Be killed when the process that forked this one dies.

    parent  a pidfd of that process: it may be dead already. A change of user undoes it all.
    """
    call("prctl", _PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)
    poll = select.poll()
    poll.register(parent, select.POLLIN)
    if poll.poll(0):
        os._exit(128 + _SIGKILL)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent dies."""
    call("prctl", _PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


# Namespaces and mounts


def unshare(flags: int) -> None:
    call("unshare", flags)


def mount(source: str, target: str, kind: str = "none", flags: int = 0, options: str = "") -> None:
    call("mount", *(word.encode() for word in (source, target, kind)), flags, options.encode())


def make_read_only(root: str) -> None:
    """This mount and all below it: nothing is written, no set-user-ID counts."""
    attributes = struct.pack("QQQQ", MS_RDONLY | MS_NOSUID, 0, 0, 0)
    path = root.encode()
    syscall(_MOUNT_SETATTR, _AT_FDCWD, path, _AT_RECURSIVE, attributes, len(attributes))


def enter_root(folder: str) -> None:
    """Make a mounted folder the root of all paths, and let go of the old root."""
    os.chdir(folder)
    call("pivot_root", b".", b".")
    call("umount2", b".", MNT_DETACH)
    os.chdir("/")
