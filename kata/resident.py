"""The process that has the libraries imported and runs what it is asked for: `kata/runner.py`
starts it and talks to it in JSON lines, requests over its stdin and answers over its stderr.

    python -m kata.resident ROOT --fork MODULE ...

With `--fork` it forks a child for each request, in a session of its own, and ends the child with
all that it left behind when it is over, takes too long, or as soon as anything else is asked.
Without, it runs one request itself and ends. The stderr of what runs is its stdout.
"""

import argparse
import contextlib
import gc
import importlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import IO

FINISHED = 100  # added to a status, so that `os._exit(0)` in learner's code is no verdict
UNWELL = 70  # the status of a run that ended by an error of its own (EX_SOFTWARE)
TOO_LONG = "too long"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("root")
    parser.add_argument("--fork", action="store_true")
    parser.add_argument("ahead", nargs="*", help="modules to import")
    options = parser.parse_args()
    answers = open(os.dup(2), "w", buffering=1)  # noqa: SIM115  # until the process ends
    os.dup2(1, 2)
    requests = open(0, "rb", buffering=0)  # noqa: SIM115  # reads no further than the line
    os.chdir(options.root)
    start_pytest_once()
    for name in options.ahead:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # what is imported stays: the child's collector need not look at it
    _answer(answers, ready=True)
    (_fork_for_each if options.fork else _run_one)(requests, answers)
    os._exit(0)  # the watcher is gone; no library need say goodbye


def start_pytest_once() -> None:
    """Have pytest import its plugins and conftest.py, with their assertions rewritten.

    conftest.py comes before the libraries also because it switches the hub off.
    """
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        run_pytest(["--markers", "-p", "no:cacheprovider"])


def _fork_for_each(requests: IO[bytes], answers: IO[str]) -> None:
    for request in _read(requests):
        if "command" not in request:
            continue  # asked to end what had ended by itself
        child = os.fork()
        if child == 0:
            os.setsid()
            answers.close()
            _run_and_end(request["command"])
        _answer(answers, number=request["number"], child=child)
        trouble = _wait(child, requests, request["limit"])
        _kill_all(child)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        _answer(answers, number=request["number"], status=status, trouble=trouble)


def _wait(child: int, requests: IO[bytes], limit: float) -> str:
    """Wait until the child ends, or something is asked or the watcher is gone, or time is over."""
    import select

    descriptor = os.pidfd_open(child)
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    poll.register(requests, select.POLLIN)
    ready = poll.poll(limit * 1000)
    os.close(descriptor)
    return "" if ready else TOO_LONG


def _kill_all(child: int) -> None:
    """The child and what it started; the child alone when it has no session of its own yet."""
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError):
            kill(child, signal.SIGKILL)


def _run_one(requests: IO[bytes], answers: IO[str]) -> None:
    for request in _read(requests):
        answers.close()
        _run_and_end(request["command"])


def _run_and_end(command: list[str]) -> None:
    """Run the command, with nothing on its stdin, and end this process with its status."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    with contextlib.suppress(OSError):  # short of memory, Linux ends this and not the watcher
        Path("/proc/self/oom_score_adj").write_text("1000")
    status = _run(command)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # closed by what ran
            stream.flush()
    os._exit(FINISHED + min(status, 150))


def _run(command: list[str]) -> int:
    program, *arguments = sys.argv = command
    try:
        return {"pytest": run_pytest, "kata": _run_kata}[program](arguments)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        with contextlib.suppress(OSError, ValueError):
            traceback.print_exc()
        return UNWELL


def run_pytest(arguments: list[str], *plugins: object) -> int:
    """Run pytest with the plugins that the project needs and these, without a search for others."""
    import pytest
    import pytest_timeout
    import xdist.plugin

    needed = [pytest_timeout, xdist.plugin, *plugins]
    return int(pytest.main(["--disable-plugin-autoload", *arguments], plugins=needed))


def _run_kata(arguments: list[str]) -> int:
    from kata.__main__ import app

    app(arguments)
    return 0


def _read(requests: IO[bytes]) -> Iterator[dict]:
    while line := requests.readline():
        yield json.loads(line)


def _answer(answers: IO[str], **facts) -> None:
    answers.write(json.dumps(facts) + "\n")


if __name__ == "__main__":
    main()
