"""The process that has the libraries imported and forks a judge for whoever asks.

    zygote = Zygote()
    end = zygote.fork()        # a socket, at whose other end a judge waits for its job

It holds no suite, no solution, no path of a submission and no seed, for all that descends from it
could look for them in its memory; and it was started with an environment that holds no secret.
"""

import atexit
import contextlib
import gc
import importlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import psutil

from kata.errors import KataError
from kata.manifest import ROOT
from kata.sandbox import system

ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR", "VIRTUAL_ENV", "HF_HOME")
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    "DIFFUSERS_VERBOSITY": "error",
    "OMP_NUM_THREADS": "1",  # tensors are small here, and a fork has one thread
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTORCH_NVML_BASED_CUDA_CHECK": "1",  # the other way to look for a GPU forbids it to a fork
}
FOLDERS = "kata-grade-"  # the start of their names, before the zygote's process number
READY, JUDGE, PROBE = b"ready", b"judge", b"probe"


class GraderError(KataError):
    """The grader's own trouble: no fault of a submission, which it must cost nothing."""


class Zygote:
    """The handle on that process. It ends with the process that made it."""

    def __init__(self):
        self._end, other = socket.socketpair()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # as long as the process
        self._lock = threading.Lock()
        environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
        with other:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "kata.sandbox.zygote"],
                stdin=other,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                env={**environment, **OFFLINE},
                cwd=ROOT,
                start_new_session=True,  # Ctrl-C in the terminal is not for it
            )
        if self._end.recv(len(READY)) != READY:
            raise GraderError(f"The libraries cannot be imported to grade:\n{self.last_words()}")

    def fork(self, what: bytes = JUDGE) -> socket.socket:
        """Return a socket whose other end a new process holds. Raises GraderError without any.

        what  JUDGE, or PROBE for one that finds out which isolation can be had
        """
        ours, theirs = socket.socketpair()
        try:
            with theirs, self._lock:
                socket.send_fds(self._end, [what], [theirs.fileno()])
        except OSError as error:
            ours.close()
            raise GraderError(
                f"The process that forks judges is gone:\n{self.last_words()}"
            ) from error
        return ours

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def last_words(self) -> str:
        """The end of what it has printed about its trouble."""
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")[-2000:]

    def close(self) -> None:
        self._end.close()
        self._process.wait()
        self._errors.close()


_lock = threading.Lock()
_zygotes: dict[int, Zygote] = {}  # by process: a fork has none yet


def of_this_process() -> Zygote:
    """The zygote of this process, which is started when it is needed."""
    with _lock:
        zygote = _zygotes.get(os.getpid())
        if zygote is None or not zygote.is_alive:
            zygote = _zygotes[os.getpid()] = Zygote()
            atexit.register(zygote.close)
        return zygote


def main() -> None:
    _sweep()
    control = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    from kata.resident import start_pytest_once

    start_pytest_once()
    importlib.import_module("kata.ahead")
    judging = importlib.import_module("kata.grading.judging")
    probes = importlib.import_module("kata.sandbox.probes")
    system.set_dumpable(False)  # no descendant may look into another
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how a judge has ended
    gc.collect()
    gc.freeze()  # what is imported stays: no child's collector need look at it
    system.use_huge_pages()
    control.sendall(READY)
    own = os.pidfd_open(os.getpid())
    while True:
        data, descriptors, _, _ = socket.recv_fds(control, len(JUDGE), 1)
        if not data:
            os._exit(0)
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            control.close()
            with contextlib.suppress(BaseException):
                end = socket.socket(fileno=descriptors[0])
                judging.serve(end, own) if data == JUDGE else probes.serve(end)
            os._exit(0)
        os.close(descriptors[0])


def _sweep() -> None:
    """Remove what judges have left in the temporary folder whose zygote was killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDERS}*"):
        zygote = folder.name.removeprefix(FOLDERS).partition("-")[0]
        if zygote.isdecimal() and not psutil.pid_exists(int(zygote)):
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
