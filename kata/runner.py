"""Run commands in a process that has the libraries imported already.

    runner = Runner(post)
    number = runner.start(["pytest", "exercises/02_training/add_noise.py"])
    ...                                            # post(Ended(number, status=1)), from a thread
    runner.close()

On Linux one resident process forks for each command. Elsewhere a process that has imported ahead
waits, runs one command and ends, while the next one imports. Whoever uses this need not know which.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kata.manifest import ROOT
from kata.resident import FINISHED, TOO_LONG

CAN_FORK = sys.platform == "linux"  # on macOS the libraries do not survive a fork
AHEAD = ("kata.ahead",)
LIMIT = 600.0


@dataclass(frozen=True)
class Ready:
    """The libraries are imported."""


@dataclass(frozen=True)
class Failed:
    """The libraries cannot be imported; what Python says about it stands on the terminal."""


@dataclass(frozen=True)
class Ended:
    """A command is over.

    status   its exit status; None where it did not come to its end
    trouble  why it did not, in words
    """

    number: int
    status: int | None
    trouble: str = ""


class Runner:
    """Runs one command at a time.

    post   is given Ready, Ended and Failed, from another thread
    root   the folder that the commands run in
    ahead  the modules to import before a command comes
    fork   whether to fork for each command
    """

    def __init__(
        self,
        post: Callable[[Ready | Failed | Ended], object],
        root: Path = ROOT,
        ahead: Sequence[str] = AHEAD,
        fork: bool = CAN_FORK,
    ):
        self._post = post
        self._command = [sys.executable, "-m", "kata.resident", str(root), *ahead]
        self._command += ["--fork"] if fork else []
        self._fork = fork
        self.is_ready = False  # for a command to be run at once
        self._lock = threading.RLock()
        self._number = 0
        self._request: dict | None = None  # what was asked for and is not over
        self._process: subprocess.Popen | None = None  # what is asked
        self._child: int | None = None  # what it forked
        self._closed = False
        self._again = threading.Event()
        self._thread = threading.Thread(target=self._keep_one, daemon=True)
        self._thread.start()

    def start(self, command: list[str], limit: float = LIMIT) -> int:
        """Run a command, in place of one that is running; return the number of its `Ended`.

        limit  in seconds, after which it is ended
        """
        with self._lock:
            self.stop()
            self._number += 1
            self._request = {"number": self._number, "command": command, "limit": limit}
            self._ask(self._request)
            self._again.set()
            return self._number

    def stop(self) -> None:
        """End what is running, with all that it started. No `Ended` comes of it."""
        with self._lock:
            if self._request is None:
                return
            self._request = None
            if self._fork:
                self._ask({})
            else:
                self._drop()

    def restart(self) -> None:
        """End what is running, and import everything anew."""
        with self._lock:
            self._request = None
            self._drop()
            self._again.set()

    def close(self) -> None:
        """End everything."""
        with self._lock:
            self._closed = True
            self.restart()
        self._thread.join()

    def _ask(self, request: dict) -> None:
        """Pass it on, where there is a process; else it is passed on as soon as there is one."""
        if self._process is not None:
            with contextlib.suppress(OSError):  # it is just ending
                self._process.stdin.write(json.dumps(request).encode() + b"\n")

    def _drop(self) -> None:
        """End the process; the next one takes its place."""
        if self._process is not None:
            _kill_all(self._process, self._child)
            self._process = None

    def _keep_one(self) -> None:
        """In a thread: whenever the process is gone, the next one takes its place."""
        following = None
        while not self._closed:
            process = following or self._launch()
            following = None
            self._hand_over(process)
            is_ready = self._listen(process)
            if is_ready and not self._fork and not self._closed:
                following = self._launch()  # it imports while the other runs
            self._see_off(process, is_ready)
        if following:
            _kill_all(following, None)
            following.wait()

    def _launch(self) -> subprocess.Popen:
        group = {"start_new_session": True}  # Ctrl-C in the terminal is for the watcher alone
        if os.name == "nt":
            group = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        pipe = subprocess.PIPE
        return subprocess.Popen(
            self._command, stdin=pipe, stderr=pipe, bufsize=0, cwd=ROOT, **group
        )

    def _hand_over(self, process: subprocess.Popen) -> None:
        with self._lock:
            self._process, self._child, self.is_ready = process, None, False
            self._again.clear()
            if self._closed:
                self._drop()
            elif self._request is not None:
                self._ask(self._request)

    def _listen(self, process: subprocess.Popen) -> bool:
        """Hear what the process answers until it answers no more; return whether it was ready."""
        is_ready = False
        for line in process.stderr:
            answer = json.loads(line)
            if "ready" in answer:
                self.is_ready = is_ready = True
                self._post(Ready())
            elif "child" in answer:
                self._child = answer["child"]
            else:
                self._child = None
                self._end(answer["status"], answer["trouble"], answer["number"])
        return is_ready

    def _see_off(self, process: subprocess.Popen, is_ready: bool) -> None:
        """Wait for the end of a process that answers no more, and clear up after it."""
        request, trouble = self._request, ""
        try:
            process.wait(request["limit"] if request else None)
        except subprocess.TimeoutExpired:
            trouble = TOO_LONG
        _kill_all(process, self._child)
        with self._lock:
            was_dropped, self._process = process is not self._process, None
        with process:  # closes the pipes
            status = process.wait()
        if was_dropped:
            return
        if is_ready:
            self._end(status, trouble)
            return
        self._request = None
        self._post(Failed())
        self._again.wait()

    def _end(self, status: int, trouble: str, number: int | None = None) -> None:
        with self._lock:
            request = self._request
            if request is None or number not in (None, request["number"]):
                return  # it was stopped
            self._request = None
        if trouble == TOO_LONG:
            self._post(Ended(request["number"], None, f"ended after {request['limit']:g} seconds"))
        elif status < FINISHED:
            self._post(Ended(request["number"], None, how_it_ended(status)))
        else:
            self._post(Ended(request["number"], status - FINISHED))


def how_it_ended(status: int, process: str = "the process that judged it") -> str:
    """What to say of a process that the learner's code has ended, with the status of a Popen."""
    if status >= 0:
        return f"your code ended {process}, with exit status {status}"
    with contextlib.suppress(ValueError):
        return f"your code ended {process} ({signal.Signals(-status).name})"
    return f"your code ended {process} (signal {-status})"


def _kill_all(process: subprocess.Popen, child: int | None) -> None:
    """A process, what it forked, and what these started."""
    if os.name == "nt":
        command = ["taskkill", "/T", "/F", "/PID", str(process.pid)]
        subprocess.run(command, capture_output=True)
        return
    for group in (process.pid, child):
        if group is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)
