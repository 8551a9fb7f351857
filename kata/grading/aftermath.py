"""What an attack leaves behind: processes, files, shared memory.

Everything that the corpus writes outside of its own folder bears a mark in its name, so that on a
machine where others work it is told from what is theirs. In the project's own folders, and in that
of the run, whatever was not there before counts.
"""

import contextlib
import os
import site
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from kata.sandbox import system

MARKS = ("kata-attack", "kata_attack")
IPC_KEY = 0x6B617461  # of the segments, queues and semaphores that the corpus makes
PASSED_OVER = {".git", ".venv", ".kata", ".pytest_cache", ".ruff_cache", "__pycache__", "runs"}
SHARED = ("/", "/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/etc/profile.d", "/usr/local/bin")


@dataclass
class Aftermath:
    """Notes what is there when it begins, and then what is new at each look.

    own       folders that belong to the run and to the project: whatever is new there counts
    patience  seconds for what has been killed to be gone
    """

    own: tuple[Path, ...]
    patience: float = 5.0
    _spared: set[int] = field(default_factory=set, init=False)
    _files: dict[str, tuple] = field(default_factory=dict, init=False)
    _ipc: set[str] = field(default_factory=set, init=False)

    def begin(self) -> None:
        """What runs now is spared; whoever is orphaned below this process is its child from now."""
        system.adopt_orphans()
        self._spared = {process.pid for process in psutil.Process().children()}
        self._files, self._ipc = dict(self._present()), set(_ipc())

    def look(self) -> list[str]:
        """A line for each thing that is new since the last look; processes are ended."""
        processes = self._processes()
        files, ipc = dict(self._present()), set(_ipc())
        lines = [f"process {process.pid} ({_words(process)})" for process in processes]
        lines += [f"{name} is new" for name in sorted(files.keys() - self._files.keys())]
        lines += [f"{name} is gone" for name in sorted(self._files.keys() - files.keys())]
        both = sorted(files.keys() & self._files.keys())
        lines += [f"{name} was changed" for name in both if files[name] != self._files[name]]
        lines += sorted(ipc - self._ipc)
        self._files, self._ipc = files, ipc
        for process in processes:
            with contextlib.suppress(psutil.Error):
                process.kill()
        return lines

    def forgive(self, path: Path | None) -> None:
        """Note anew a file that the run itself has written, where there is one that counts."""
        if path is not None:
            found = _state(path.resolve())
            self._files |= {name: facts for name, facts in found if name in self._files}

    def _processes(self) -> list[psutil.Process]:
        """Those below this process that should have ended, after some patience."""
        deadline = time.monotonic() + self.patience
        while True:
            _reap()
            left = [p for p in psutil.Process().children(recursive=True) if self._is_left(p)]
            if not left or time.monotonic() > deadline:
                return left
            time.sleep(0.05)

    def _is_left(self, process: psutil.Process) -> bool:
        with contextlib.suppress(psutil.Error):
            return process.pid not in self._spared and process.status() != psutil.STATUS_ZOMBIE
        return False

    def _present(self) -> Iterator[tuple[str, tuple]]:
        """Every file that counts, with what changes when it is written."""
        for top in self.own:
            for folder, folders, files in os.walk(top):
                folders[:] = [name for name in folders if name not in PASSED_OVER]
                for name in [*folders, *files]:
                    yield from _state(Path(folder, name), has_time=name in files)
        for folder in _shared_folders():
            with contextlib.suppress(OSError):
                for name in os.listdir(folder):
                    if any(mark in name for mark in MARKS):
                        yield from _state(Path(folder, name))


def _state(path: Path, has_time: bool = True) -> Iterator[tuple[str, tuple]]:
    with contextlib.suppress(OSError):
        found = path.lstat()
        facts = (found.st_size, found.st_mtime_ns) if has_time else ()
        yield str(path), (found.st_mode, found.st_uid, *facts)


def _shared_folders() -> set[Path]:
    """Where many write, and where Python looks for what it imports."""
    folders = {*map(Path, SHARED), Path.home(), *map(Path, site.getsitepackages())}
    packages = {path.parent for folder in site.getsitepackages() for path in _packages(folder)}
    return folders | packages | set(Path.cwd().parents)


def _packages(folder: str) -> Iterator[Path]:
    return Path(folder).glob("*/__init__.py")


def _ipc() -> Iterator[str]:
    """Shared segments, queues and semaphores of the corpus: these outlive every process."""
    for kind in ("shm", "msg", "sem"):
        with contextlib.suppress(OSError):
            for line in Path("/proc/sysvipc", kind).read_text().splitlines()[1:]:
                key, number = line.split()[:2]
                if int(key) == IPC_KEY:
                    yield f"shared {kind} {number}"


def _reap() -> None:
    """Wait for orphans that have ended as children of this process."""
    for process in psutil.Process().children():
        with contextlib.suppress(psutil.Error, ChildProcessError):
            if process.status() == psutil.STATUS_ZOMBIE:
                os.waitpid(process.pid, os.WNOHANG)


def _words(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return " ".join(process.cmdline())[:100]
    return "?"
