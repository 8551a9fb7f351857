"""Which files of the repository were saved: as the system tells, or by looking all the time."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

from watchfiles import watch

from kata.files import memory

FOLDERS = ("exercises", "tests", "kata")
FILES = ("conftest.py", "katas.toml", "pyproject.toml")
STEP = 15  # milliseconds of silence that end a save: what an editor does at once comes at once
LONGEST = 400  # milliseconds after which a save that goes on is told
LOOKS = 10  # for a file that was written, a tenth of a second each
POLL = 300  # milliseconds between two looks


def file_events_work(root: Path) -> bool:
    """Whether the system tells of a file that is written here: network mounts often don't."""
    written = memory(root) / "watching"
    try:
        written.parent.mkdir(exist_ok=True)
        looks = watch(
            written.parent, step=STEP, rust_timeout=100, yield_on_timeout=True, force_polling=False
        )
        for number, changes in enumerate(looks):
            if changes or number == LOOKS:
                return bool(changes)
            written.write_text(str(number))
    except OSError:  # also where the system watches as many files as it can already
        return False
    finally:
        with contextlib.suppress(OSError):
            written.unlink()


def saves(root: Path, polling: bool, stop: threading.Event) -> Iterator[set[Path]]:
    """Yield the Python files in the folders that changed together, until `stop` is set."""
    folders = [root / name for name in FOLDERS if (root / name).is_dir()]
    return _changes(folders, lambda change, path: path.endswith(".py"), True, polling, stop)


def settings(root: Path, polling: bool, stop: threading.Event) -> Iterator[set[Path]]:
    """Yield which of the files in the root itself changed: not all that lies below is watched."""
    return _changes([root], lambda change, path: Path(path).name in FILES, False, polling, stop)


def _changes(places, wanted, recursive, polling, stop) -> Iterator[set[Path]]:
    for changes in watch(
        *places,
        watch_filter=wanted,
        recursive=recursive,
        step=STEP,
        debounce=LONGEST,
        force_polling=polling,
        poll_delay_ms=POLL,
        stop_event=stop,
        rust_timeout=500,
        raise_interrupt=False,
    ):
        yield {Path(path) for _, path in changes}
