"""Fork a process that gives up its rights before it runs a learner's code.

    worker = spawn(serve, folder, ISOLATED, Limits(), keep=[socket.fileno()])

Three levels, each with all that the one before has:
- `limits`    limits on what it uses up, system calls that it has no use for refused, for root
              another user
- `confined`  and Landlock: no file but the libraries, the data and those in its own folder
- `isolated`  and namespaces of its own, in which nothing else is there at all
"""

import contextlib
import itertools
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from kata.manifest import ROOT
from kata.sandbox import landlock, namespaces, seccomp, system
from kata.sandbox.home import settle
from kata.sandbox.identity import another_user, become
from kata.sandbox.limits import Limits, apply_rlimits, mapped_bytes
from kata.sandbox.paths import NOWHERE, readable

LIMITS, CONFINED, ISOLATED = LEVELS = ("limits", "confined", "isolated")
FAILED = 70  # the status of a worker whose code raised (EX_SOFTWARE)
NOT_CONFINED = 71  # of one that could not give up its rights and ran nothing (EX_OSERR)


def spawn(
    run: Callable[[], object],
    folder: Path,
    level: str,
    limits: Limits,
    keep: Sequence[int] = (),
) -> int:
    """Fork, give up the rights that `level` says, call `run()` and end with status 0.

    folder  an empty one of its own, which every user can reach; its home, and all it can write to
    keep    descriptors that stay open, beside those of stdin, stdout and stderr, which lead nowhere
    return  the pid of a child: it ends as the worker ends, with status 70 where `run` raised. When
            it dies, the worker dies; see `end` for what a worker leaves behind.

    Only a process with one thread may call it. The worker starts in its folder, in which `data` is
    that of the repository. Where it cannot give up its rights, it says so on stderr, runs nothing
    and ends with status 71.
    """
    parent = os.pidfd_open(os.getpid())
    child = os.fork()
    if child:
        os.close(parent)
        return child
    status = NOT_CONFINED
    try:
        _give_up_rights(os.path.realpath(folder), level, limits, keep, parent)
        status = FAILED
        run()
        status = 0
    except BaseException as error:
        if status == NOT_CONFINED:
            os.write(2, f"no worker can give up its rights ({level}): {error}\n".encode())
    finally:
        os._exit(status)


def end(worker: int) -> int:
    """Kill what `spawn` has started and all that is left of it; return its status as Popen does.

    The caller must have called `system.adopt_orphans`, and loses all other children as well.
    """
    with contextlib.suppress(ProcessLookupError):
        os.kill(worker, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])
    with contextlib.suppress(ChildProcessError):  # no child is left
        while True:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                _kill_children()
                os.waitpid(-1, 0)
    return status


def _kill_children() -> None:
    import psutil

    for child in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()


def _give_up_rights(
    folder: str, level: str, limits: Limits, keep: Sequence[int], parent: int
) -> None:
    """From the outside in: each step needs what a later one takes away."""
    os.setsid()
    os.umask(0o022)
    _close_all_but([*keep, parent])
    nowhere = os.open(NOWHERE, os.O_RDWR)
    mapped = mapped_bytes()
    system.set_dumpable(True)  # else its own /proc would not belong to it
    Path("/proc/self/oom_score_adj").write_text("1000")  # short of memory, Linux ends this first
    settle(Path(folder))
    read = readable()
    user = another_user()
    counted = user is not None or (level == ISOLATED and os.getuid() != 0)
    if level == ISOLATED:
        if not system.capable(system.CAP_SYS_ADMIN):
            become(user)
            user = None
        namespaces.enter(folder, read, limits.disk, owner=user)
        parent = _first_of_its_namespace(parent)
    elif user is not None:
        os.chown(folder, user, user)
    apply_rlimits(limits, mapped, counted)
    become(user)
    system.allow_no_new_privileges()
    system.set_dumpable(False)
    system.die_with(parent)
    os.close(parent)
    os.symlink(ROOT / "data", Path(folder) / "data")  # as beside a learner's own exercises/
    os.chdir(folder)
    if level != LIMITS:
        landlock.restrict(folder, read, write=[NOWHERE])
    seccomp.restrict(new_processes=counted)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115


def _first_of_its_namespace(parent: int) -> int:
    """Fork the process whose death ends all others of the namespace; return a pidfd of this one,
    which waits outside and ends as that one ends."""
    system.die_with(parent)
    os.close(parent)
    waiting = os.pidfd_open(os.getpid())
    child = os.fork()
    if child == 0:
        return waiting
    _close_all_but([])
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        with contextlib.suppress(OSError):
            signal.signal(os.WTERMSIG(status), signal.SIG_DFL)
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(os.waitstatus_to_exitcode(status))


def _close_all_but(keep: Sequence[int]) -> None:
    """Close the descriptors from 3 on."""
    edges = [2, *sorted(set(keep) - {0, 1, 2}), os.sysconf("SC_OPEN_MAX")]
    for before, after in itertools.pairwise(edges):
        os.closerange(before + 1, after)
