"""Who a worker is: for root, a user who is nobody else."""

import os
from pathlib import Path

from kata.sandbox import system

RANGES = (
    (200_000, 4_194_304),
    (30_000, 30_000),
)  # first, and how many: pids, or where few users are


def another_user() -> int | None:
    """A number for user and group that no other process has; None for whoever is not root.

    It follows from the number of this process. Only users of this user namespace can be had.
    """
    if not (system.capable(system.CAP_SETUID) and system.capable(system.CAP_SETGID)):
        return None
    for first, many in RANGES:
        user = first + os.getpid() % many
        if _is_mapped("uid", user) and _is_mapped("gid", user):
            return user
    return None


def become(user: int | None) -> None:
    """Be this user, where one is given, in no other group; and have no capability ever again."""
    system.drop_bounding_capabilities()
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    system.drop_capabilities()


def _is_mapped(kind: str, number: int) -> bool:
    lines = Path(f"/proc/self/{kind}_map").read_text().splitlines()
    parts = (map(int, line.split()) for line in lines)
    return any(inside <= number < inside + many for inside, _, many in parts)
