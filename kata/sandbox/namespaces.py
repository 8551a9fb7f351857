"""Namespaces of one's own: no other process, no network, and no file but those that are needed.

The second barrier behind Landlock and seccomp. https://man7.org/linux/man-pages/man7/namespaces.7.html
"""

import os
from collections.abc import Iterable
from pathlib import Path

from kata.sandbox import system

ALL = (
    system.CLONE_NEWNS
    | system.CLONE_NEWPID
    | system.CLONE_NEWNET
    | system.CLONE_NEWIPC
    | system.CLONE_NEWUTS
)
MOST_FILES = 16384


def enter(folder: str, read: Iterable[str], size: int, owner: int | None) -> None:
    """Leave the machine's namespaces; the next child is the first process of its own.

    folder  becomes a file system in memory of `size` bytes, of user and group `owner`, or of
            who calls
    read    files and folders that stay, read-only, at their own paths
    Raises OSError where this user may not have namespaces.
    """
    if system.capable(system.CAP_SYS_ADMIN):
        system.unshare(ALL)
    else:
        _become_a_user_who_may()
    system.mount("none", "/", flags=system.MS_REC | system.MS_PRIVATE)
    system.mount("tmpfs", folder, "tmpfs", options="size=1m,mode=755")
    for path in read:
        _bind(path, f"{folder}{path}")
    os.makedirs(f"{folder}{folder}")
    system.enter_root(folder)
    system.make_read_only("/")
    user, group = (os.getuid(), os.getgid()) if owner is None else (owner, owner)
    options = f"size={size},nr_inodes={MOST_FILES},mode=700,uid={user},gid={group}"
    flags = system.MS_NOSUID | system.MS_NODEV | system.MS_NOEXEC
    system.mount("tmpfs", folder, "tmpfs", flags, options)


def _become_a_user_who_may() -> None:
    """In a user namespace of its own an ordinary user has every right over what is in it."""
    user, group = os.getuid(), os.getgid()
    system.unshare(ALL | system.CLONE_NEWUSER)
    system.set_dumpable(True)  # else its /proc/self would not belong to it
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def _bind(source: str, target: str) -> None:
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        Path(target).touch()
    system.mount(source, target, flags=system.MS_BIND | system.MS_REC)
