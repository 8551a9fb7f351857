"""Which level of isolation this machine can give, shown by acting, and how to get a higher one."""

import contextlib
import functools
import hashlib
import json
import sys
from pathlib import Path

from kata.errors import KataError
from kata.files import content_hash, memory, write_whole
from kata.manifest import ROOT
from kata.sandbox import landlock, system, zygote
from kata.sandbox.confine import CONFINED, ISOLATED, LEVELS, LIMITS
from kata.sandbox.wire import Channel, WireError

NONE = "none"
MOST = 2**20
SETTINGS = (
    "/proc/sys/user/max_user_namespaces",
    "/proc/sys/kernel/unprivileged_userns_clone",
    "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
)
HOW = {
    LIMITS: "Linux 5.9 or newer on x86_64 or aarch64, with seccomp and /proc",
    CONFINED: (
        "Linux 5.13 or newer with Landlock (`landlock` in /sys/kernel/security/lsm; if not, put "
        "`lsm=landlock,...` on the kernel's command line), and the Python installation and the "
        "repository where every user can reach them (`chmod a+x` on the folders above)"
    ),
    ISOLATED: (
        "namespaces. Run as root; or allow them to users: "
        "`sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0` (Ubuntu), "
        "`sudo sysctl -w kernel.unprivileged_userns_clone=1` (Debian), "
        "`sudo sysctl -w user.max_user_namespaces=10000`; in Docker: "
        "`docker run --cap-add SYS_ADMIN --security-opt seccomp=unconfined "
        "--security-opt apparmor=unconfined`"
    ),
}


def reached() -> str:
    """The highest level at which all that it promises was tried and held; NONE without any.

    The first call takes seconds; then it is known until something changes that it depends on.
    """
    return next((level for level, gaps in _found().items() if not gaps), NONE)


def require(level: str) -> str:
    """Return the level reached. Raises KataError where it is lower than `level`.

    The message says what was not prevented and what it takes.
    """
    if sys.platform != "linux":
        raise KataError("`kata grade` needs Linux. Here you can practise: pytest exercises")
    got = reached()
    ranks = [NONE, *LEVELS]
    if ranks.index(got) >= ranks.index(level):
        return got
    lines = [f"The isolation {level!r} is not to be had here, only {got!r}:"]
    lines += [f"- {gap}" for gap in _found()[level]]
    lines.append(f"It takes {HOW[level]}.")
    if got != NONE:
        lines.append(f"To grade all the same: kata grade --min-isolation {got}")
    raise KataError("\n".join(lines))


def means(level: str) -> tuple[str, ...]:
    """What the level rests on, on this machine and for this user, to be stamped into results."""
    found = ["rlimits", "seccomp"]
    if system.capable(system.CAP_SETUID):
        found.append("another user")
    if level != LIMITS:
        found.append(f"landlock {landlock.version()}")
    if level == ISOLATED:
        own_user = system.capable(system.CAP_SYS_ADMIN)
        found.append("namespaces" if own_user else "namespaces in a user namespace")
    return tuple(found)


@functools.cache
def _found() -> dict[str, list[str]]:
    """For each level from the highest down to the one reached, what its probes found."""
    path, here = memory(ROOT) / "isolation.json", _circumstances()
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        known = json.loads(path.read_text(encoding="utf-8"))
        if known["circumstances"] == here:
            return {level: list(known["found"][level]) for level in known["found"]}
    channel = Channel(zygote.of_this_process().fork(zygote.PROBE))
    try:
        found = json.loads(channel.receive(MOST))
    except WireError as error:
        words = zygote.of_this_process().last_words()
        raise KataError(f"The sandbox cannot be tried out ({error}):\n{words}") from error
    finally:
        channel.close()
    with contextlib.suppress(OSError):  # a checkout of somebody else's: then it is tried each time
        write_whole(path, json.dumps({"circumstances": here, "found": found}, indent=1))
    return found


def _circumstances() -> str:
    """A hash of all that what was found depends on: this boot, this user's rights, this code.

    Where it changes otherwise, a worker that cannot give up its rights runs nothing.
    """
    status = Path("/proc/self/status").read_text().splitlines()
    rights = ("Uid", "Gid", "Groups", "Cap", "NoNewPrivs", "Seccomp:")
    parts = [line for line in status if line.startswith(rights)]
    for name in ("/proc/sys/kernel/random/boot_id", "/proc/self/uid_map", *SETTINGS):
        with contextlib.suppress(OSError):
            parts.append(Path(name).read_text())
    parts += [str(content_hash(file)) for file in sorted((ROOT / "kata" / "sandbox").glob("*.py"))]
    return hashlib.sha256("\n".join([*parts, str(ROOT), sys.prefix]).encode()).hexdigest()
