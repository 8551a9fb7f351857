"""What a worker could do at a level: found out by trying it, in a worker."""

import contextlib
import functools
import json
import os
import select
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from kata.manifest import ROOT, SOLUTIONS
from kata.sandbox import system
from kata.sandbox.attempts import ATTEMPTS, NEEDS, REFUSALS, TIGHT, Target
from kata.sandbox.confine import FAILED, LEVELS, NOT_CONFINED, end, spawn
from kata.sandbox.limits import Limits
from kata.sandbox.wire import Channel

PATIENCE = 120.0  # seconds: a worker that says nothing for so long does not work
MOST_TOLD = 2**16  # bytes, what a pipe holds
DONE, REFUSED, TROUBLE = "done", "refused", "trouble"


def gaps(level: str) -> list[str]:
    """Sentences about what is not prevented, or does not work, at this level; best none.

    Only a process with one thread may call it, and loses its children.
    """
    system.adopt_orphans()
    if refused := refusal(level):
        return [refused]
    found = [*unprevented(level), *unmet(level)]
    return found + [f"a worker {what}" for what, is_so in BEYOND_ONE_CALL.items() if is_so(level)]


def unprevented(level: str) -> list[str]:
    """What a worker gets through with, of all that is to be prevented up to this level."""
    levels = LEVELS[: LEVELS.index(level) + 1]
    attempts = [attempt for name in levels for attempt in ATTEMPTS[name]]
    with a_target() as target:
        came = _outcomes(level, TIGHT, attempts, target)
    return list(filter(None, (_sentence("a worker", a, came, REFUSED) for a in attempts)))


def unmet(level: str) -> list[str]:
    """What an ordinary answer does and this level does not let it do."""
    came = _outcomes(level, Limits(), NEEDS)
    return list(filter(None, (_sentence("no worker", need, came, DONE) for need in NEEDS)))


@contextlib.contextmanager
def a_target() -> Iterator[Target]:
    """Something outside of the worker to get at, which nothing but its level protects."""
    outside = Path(tempfile.mkdtemp(prefix="kata-probe-"))
    door = outside / "door"
    answers = [next((ROOT / tree).rglob("*.py"), None) for tree in (SOLUTIONS, "tests")]
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, outside)
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        other = stack.enter_context(socket.socket(socket.AF_UNIX))
        other.bind(str(door))
        other.listen()
        target = Target(
            outside=outside,
            answers=(ROOT / "katas.toml", *filter(None, answers)),
            parent=os.getpid(),
            port=server.getsockname()[1],
            door=str(door),
        )
        target.secret.write_text("secret")
        for path, mode in ((outside, 0o777), (door, 0o666), (target.secret, 0o666)):
            path.chmod(mode)
        yield target


def outcome(function: Callable, *arguments) -> str:
    """DONE, or REFUSED or TROUBLE with the error."""
    try:
        function(*arguments)
    except REFUSALS as error:
        return f"{REFUSED}: {error!r}"
    except Exception as error:
        return f"{TROUBLE}: {error!r}"
    return DONE


def _outcomes(level: str, limits: Limits, functions: list[Callable], *arguments) -> dict[str, str]:
    """What came of each in one worker, by name; nothing of those after its death."""

    def run(tell):
        for function in functions:
            line = json.dumps([function.__name__, outcome(function, *arguments)])
            tell(f"{line}\n".encode())

    _, said = _in_worker(level, limits, run)
    return dict(map(json.loads, said.splitlines()))


def _sentence(who: str, function: Callable, outcomes: dict[str, str], expected: str) -> str:
    came = outcomes.get(function.__name__, "the worker died of it, or before")
    if came.startswith(expected):
        return ""
    return f"{who} {function.__doc__}" + ("" if came == DONE else f" ({came})")


# What takes a worker of its own


def refusal(level: str) -> str:
    """Why a worker could not even give up its rights, or ""."""
    with tempfile.TemporaryFile() as said:
        own = os.dup(2)
        os.dup2(said.fileno(), 2)
        status, _ = _in_worker(level, Limits(), lambda tell: None)
        os.dup2(own, 2)
        os.close(own)
        said.seek(0)
        return said.read().decode().strip() if status == NOT_CONFINED else ""


def _executes(level: str) -> bool:
    """A program that is there at every level: the one that loads all others."""
    loader = str(next(Path("/").glob("lib*/ld-linux-*.so.*")))
    status, _ = _in_worker(level, TIGHT, lambda tell: os.execv(loader, [loader, "--version"]))
    return status != FAILED


def _burns(level: str) -> bool:
    def run(tell):
        while time.process_time() < 3:
            pass
        tell(b"still here")

    _, said = _in_worker(level, replace(TIGHT, cpu_total=1), run)
    return bool(said)


def _outlives(level: str) -> bool:
    """A process in a session of its own, after its worker was ended."""

    def run(tell):
        ready, writes = os.pipe()
        if os.fork() == 0:
            os.setsid()
            os.write(writes, b"x")
            time.sleep(PATIENCE)
        os.read(ready, 1)

    living, writes = os.pipe()
    os.set_blocking(living, False)
    _in_worker(level, TIGHT, run, keep=[writes])
    os.close(writes)
    try:
        return os.read(living, 1) != b""
    except BlockingIOError:  # somebody could still write to it
        return True
    finally:
        os.close(living)


BEYOND_ONE_CALL = {
    "can start other programs": _executes,
    "can use more CPU time than it may": _burns,
    "can leave a process behind": _outlives,
}


def _in_worker(level: str, limits: Limits, run: Callable, keep=()) -> tuple[int, bytes]:
    """Let a worker run it, with a function that tells bytes; return its status and what it told."""
    folder = Path(tempfile.mkdtemp(prefix="kata-probe-"))
    told, tells = os.pipe()
    os.set_blocking(told, False)
    tell = functools.partial(os.write, tells)
    worker = spawn(lambda: run(tell), folder, level, limits, keep=[tells, *keep])
    os.close(tells)
    descriptor = os.pidfd_open(worker)
    select.select([descriptor], [], [], PATIENCE)
    status = end(worker)
    try:
        return status, os.read(told, MOST_TOLD)
    except BlockingIOError:  # nothing, of something that lives on
        return status, b""
    finally:
        os.close(descriptor)
        os.close(told)
        shutil.rmtree(folder, ignore_errors=True)


def serve(end_of_socket: socket.socket) -> None:
    """Tell, for each level from the highest down to the first where there is nothing to say, what
    was not prevented and what does not work.
    """
    found = {}
    for level in reversed(LEVELS):
        found[level] = gaps(level)
        if not found[level]:
            break
    Channel(end_of_socket).send(json.dumps(found).encode())
