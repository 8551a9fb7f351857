"""Where workers come from and where they end: a process that knows nothing forks them on request.

It was forked from the judge before that had read its job, so there is nothing in its memory that a
worker could look for. It hires one worker at a time, and whatever descends from that is killed with
it. Without a judge it ends, and so does all that it has started.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from kata.sandbox import system
from kata.sandbox.confine import spawn
from kata.sandbox.limits import Limits
from kata.sandbox.serving import serve
from kata.sandbox.watchdog import Watchdog
from kata.sandbox.wire import Channel, WireError

LONGEST = 2**16


class NurseryError(Exception):
    """No worker can be had: the grader's own trouble."""


@dataclass
class Hand:
    """A worker's process.

    excess  what it had too much of when it was ended, "" while it has not
    """

    pid: int
    folder: Path
    channel: Channel
    watchdog: Watchdog
    excess: str = field(default="", init=False)

    def ask(self, message: bytes) -> None:
        self.channel.send(message)

    def look(self) -> None:
        """Raise WireError where it has spent too much."""
        self.excess = self.watchdog.excess()
        if self.excess:
            raise WireError(self.excess)


class Nursery:
    """The judge's handle on the nursery's process.

    base    a folder in which workers get theirs
    level   of isolation
    spent   seconds of CPU time of all workers that have ended
    """

    def __init__(self):
        self._end, other = socket.socketpair()
        self._child = os.fork()
        if self._child == 0:
            self._end.close()
            _run(other)
        other.close()
        self.spent = 0.0

    def prepare(self, base: Path, level: str, limits: Limits) -> None:
        """Say, once it is known, where and how workers live."""
        self._base, self._level, self._limits = base, level, limits

    def hire(self) -> Hand:
        """Start a worker. Raises NurseryError where that is impossible."""
        folder = Path(tempfile.mkdtemp(prefix="worker-", dir=self._base))
        ours, theirs = socket.socketpair()
        wanted = {"folder": str(folder), "level": self._level, "limits": asdict(self._limits)}
        with theirs:
            said = self._order({"hire": wanted}, theirs)
        if "pid" not in said:
            ours.close()
            _remove(folder)
            raise NurseryError(f"no worker could be started: {said['trouble']}")
        hand = Hand(said["pid"], folder, Channel(ours), Watchdog(said["pid"], self._limits))
        hand.channel.watch = hand.look
        return hand

    def dismiss(self, hand: Hand) -> str:
        """End a worker and all that it has started; say how it had ended by itself, or ""."""
        hand.channel.close()
        said = self._order({"dismiss": hand.pid})
        _remove(hand.folder)
        self.spent += said["seconds"]
        return _how_it_ended(said["status"])

    def close(self) -> None:
        self._end.close()
        os.waitpid(self._child, 0)

    def _order(self, order: dict, end: socket.socket | None = None) -> dict:
        descriptors = [] if end is None else [end.fileno()]
        try:
            socket.send_fds(self._end, [json.dumps(order).encode()], descriptors)
            return json.loads(self._end.recv(LONGEST))
        except (OSError, ValueError) as error:
            raise NurseryError(f"the process that starts workers is gone: {error}") from error


# In the nursery's own process


def _run(end: socket.socket) -> None:
    """Carry out orders until there is nobody to give any; never return."""
    try:
        system.become_subreaper()
        system.die_with_parent()
        while True:
            data, descriptors, _, _ = socket.recv_fds(end, LONGEST, 1)
            if not data:
                break
            ((name, what),) = json.loads(data).items()
            said = _hire(**what, descriptor=descriptors[0]) if name == "hire" else _end(what)
            end.send(json.dumps(said).encode())
    finally:
        _kill_all()
        os._exit(0)


def _hire(folder: str, level: str, limits: dict, descriptor: int) -> dict:
    try:
        end, place = socket.socket(fileno=descriptor), Path(folder)
        with end:
            pid = spawn(
                lambda: serve(end, place), place, level, Limits(**limits), keep=(descriptor,)
            )
        return {"pid": pid}
    except OSError as error:
        return {"trouble": str(error)}


def _end(pid: int) -> dict:
    """Kill a worker and its tree; return how it had ended, and what CPU time it took."""
    ended, status, usage = os.wait4(pid, os.WNOHANG)
    seconds = sum(
        sum(process.cpu_times()[:2]) for process in _descendants() if not ended
    )
    _kill_all(but=pid if not ended else 0)
    if not ended:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        _, _, usage = os.wait4(pid, 0)
        status = None
    seconds = max(seconds, usage.ru_utime + usage.ru_stime)
    return {"status": status, "seconds": seconds}


def _descendants() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def _kill_all(but: int = 0) -> None:
    """Kill every descendant, those too that are born meanwhile, and wait for them.

    but  one that is waited for elsewhere; it is killed all the same
    """
    while descendants := [process for process in _descendants() if process.pid != but]:
        for process in _descendants():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        for process in descendants:
            with contextlib.suppress(ChildProcessError):  # not ours yet: its parent is just dying
                os.waitpid(process.pid, 0)


def _remove(folder: Path) -> None:
    """Remove a folder that hostile code may have filled: too deep, or without rights."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        for command in (["chmod", "-R", "u+rwx"], ["rm", "-rf"]):
            subprocess.run([*command, str(folder)], capture_output=True, check=False)


def _how_it_ended(status: int | None) -> str:
    if status is None:
        return ""
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return f"your code ended the process that it runs in, with exit status {code}"
    with contextlib.suppress(ValueError):
        return f"your code ended the process that it runs in ({signal.Signals(-code).name})"
    return f"your code ended the process that it runs in (signal {-code})"
