"""Landlock: from now on this process reaches the files that are named here, and no others.

Any process may do it to itself, without rights, from Linux 5.13 on; what is handed on to its
children cannot be taken back. https://docs.kernel.org/userspace-api/landlock.html
"""

import errno
import os
import struct
from collections.abc import Iterable

from kata.sandbox import system

_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446  # the same on every machine
_GET_VERSION = 1
_PATH_BENEATH = 1
_UNLOGGED = 1  # from ABI 7 on: what a learner tries fills no log

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = (1 << n for n in range(6))
MAKE_CHAR, MAKE_DIR, MAKE_REG, MAKE_SOCK, MAKE_FIFO, MAKE_BLOCK, MAKE_SYM, REFER, TRUNCATE = (
    1 << n for n in range(6, 15)
)
READ = READ_FILE | READ_DIR
WRITE = WRITE_FILE | TRUNCATE
OWN = READ | WRITE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | REFER
OF_A_FILE = EXECUTE | READ_FILE | WRITE | 1 << 15

RIGHTS_ON_FILES = {1: 13, 2: 14, 3: 15, 5: 16}  # how many an ABI knows, of those above and ioctl
BIND_AND_CONNECT_TCP = 3  # from ABI 4 on
ABSTRACT_SOCKETS_AND_SIGNALS = 3  # from ABI 6 on


def version() -> int:
    """The kernel's Landlock ABI; 0 where there is none, or it is switched off."""
    try:
        return system.syscall(_CREATE, None, 0, _GET_VERSION)
    except OSError:
        return 0


def restrict(folder: str, read: Iterable[str], write: Iterable[str] = ()) -> None:
    """Handle every right that this kernel knows, and allow the least.

    folder  files and folders in it may be read, made, changed and removed
    read    files and folders that may be read
    write   files that may be written to as well
    Raises OSError where the kernel has no Landlock.
    """
    abi = version()
    if not abi:
        raise OSError(errno.ENOSYS, "Landlock is not there or switched off")
    known = max(bits for since, bits in RIGHTS_ON_FILES.items() if since <= abi)
    files = (1 << known) - 1
    network = BIND_AND_CONNECT_TCP if abi >= 4 else 0
    scope = ABSTRACT_SOCKETS_AND_SIGNALS if abi >= 6 else 0
    attributes = struct.pack("QQQ", files, network, scope)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    ruleset = system.syscall(_CREATE, attributes, size, 0)
    for path in read:
        _allow(ruleset, path, READ & files)
    for path in write:
        _allow(ruleset, path, (READ | WRITE) & files)
    _allow(ruleset, folder, OWN & files)
    system.syscall(_RESTRICT, ruleset, _UNLOGGED if abi >= 7 else 0)
    os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    descriptor = os.open(path, os.O_PATH)
    if not os.path.isdir(path):
        rights &= OF_A_FILE
    rule = struct.pack("=Qi", rights, descriptor)
    system.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, rule, 0)
    os.close(descriptor)
