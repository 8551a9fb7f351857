"""Where workers come from and where they end: a process that knows nothing forks them on request.

It was forked from the judge before that had read its job, so there is nothing in its memory that a
worker could look for. It hires one worker at a time, and whatever descends from that is killed with
it. Without a judge it ends, and so does all that it has started.
"""

import functools
import json
import os
import resource
import select
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from kata.runner import how_it_ended
from kata.sandbox import system
from kata.sandbox.confine import end, spawn
from kata.sandbox.limits import Limits
from kata.sandbox.serving import READY, serve
from kata.sandbox.watchdog import Watchdog
from kata.sandbox.wire import Channel, WireError

LONGEST = 2**16
PATIENCE = 1.0  # seconds for a process that has let go of its socket to end


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
        self._began = time.monotonic()

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
        watchdog = Watchdog(said["pid"], folder, self._limits, self._began)
        hand = Hand(said["pid"], folder, Channel(ours), watchdog)
        hand.channel.watch = hand.look
        try:
            hand.channel.receive(len(READY))
        except WireError:
            end = self.dismiss(hand)
            raise NurseryError(f"a worker could not give up its rights ({end})") from None
        return hand

    def dismiss(self, hand: Hand, patience: float = PATIENCE) -> str:
        """End a worker and all that it has started; say how it had ended by itself, or "".

        patience  in seconds, for one that is just ending
        """
        hand.channel.close()
        said = self._order({"dismiss": patience})
        _remove(hand.folder)
        self.spent = said["spent"]
        status = said["status"]
        return "" if status is None else how_it_ended(status, "the process that it runs in")

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


def _run(place: socket.socket) -> None:
    """Carry out orders until there is nobody to give any; never return."""
    worker = None
    try:
        system.adopt_orphans()
        while True:
            data, descriptors, _, _ = socket.recv_fds(place, LONGEST, 1)
            if not data:
                break
            ((name, what),) = json.loads(data).items()
            if name == "hire":
                said = _hire(**what, descriptor=descriptors[0])
                worker = said.get("pid")
            else:
                said, worker = _end(worker, what), None
            place.send(json.dumps(said).encode())
    finally:
        if worker is not None:
            end(worker)
        os._exit(0)


def _hire(folder: str, level: str, limits: dict, descriptor: int) -> dict:
    try:
        own, theirs = Path(folder), socket.socket(fileno=descriptor)
        with theirs:
            run = functools.partial(serve, theirs, own)
            return {"pid": spawn(run, own, level, Limits(**limits), keep=[descriptor])}
    except OSError as error:
        return {"trouble": str(error)}


def _end(pid: int, patience: float) -> dict:
    """End a worker and its tree; return how it had ended by itself, and all CPU time so far."""
    descriptor = os.pidfd_open(pid)
    had_ended, _, _ = select.select([descriptor], [], [], patience)
    os.close(descriptor)
    status = end(pid)
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = usage.ru_utime + usage.ru_stime
    return {"status": status if had_ended else None, "spent": spent}


def _remove(folder: Path) -> None:
    """Remove a folder that hostile code may have filled: too deep, or without rights."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        for command in (["chmod", "-R", "u+rwx"], ["rm", "-rf"]):
            subprocess.run([*command, str(folder)], capture_output=True, check=False)
