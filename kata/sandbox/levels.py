"""Which level of isolation this machine can give, shown by acting, and how to get a higher one."""

import functools
import json
import os
import subprocess
import sys

from kata.errors import KataError
from kata.manifest import ROOT
from kata.sandbox import landlock, system
from kata.sandbox.confine import CONFINED, ISOLATED, LEVELS, LIMITS

NONE = "none"
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

    The first call takes seconds, as it imports the libraries in a process of its own.
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
    done = subprocess.run(
        [sys.executable, "-m", "kata.sandbox.probes"],
        env={**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise KataError(f"The sandbox cannot be tried out:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout)
