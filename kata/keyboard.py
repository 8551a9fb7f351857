"""Single key presses, without Enter."""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple


class Terminal(NamedTuple):
    """A terminal in which keys come one by one.

    keys  blocks for the next ones; ends when the terminal is gone
    mend  sets its mode again, which a program may have changed
    """

    keys: Iterator[str]
    mend: object


@contextmanager
def single_keys() -> Iterator[Terminal | None]:
    """Have the terminal on stdin give single keys; yield None where stdin is none.

    The terminal is as it was before afterwards, in whatever way this is left.
    """
    if not sys.stdin.isatty():
        yield None
    elif os.name == "nt":
        yield Terminal(_windows_keys(), lambda: None)
    else:
        with _cbreak(sys.stdin.fileno()) as mend:
            yield Terminal(_posix_keys(sys.stdin.fileno()), mend)


@contextmanager
def _cbreak(descriptor: int):
    """Neither echo nor lines; Ctrl-C and the output stay as they were."""
    import termios

    before = termios.tcgetattr(descriptor)
    mode = termios.tcgetattr(descriptor)
    mode[3] &= ~(termios.ICANON | termios.ECHO)
    mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0

    def mend(*_) -> None:
        with contextlib.suppress(termios.error):
            termios.tcsetattr(descriptor, termios.TCSADRAIN, mode)

    mend()
    resumed = signal.signal(signal.SIGCONT, mend)  # after Ctrl-Z and fg
    try:
        yield mend
    finally:
        signal.signal(signal.SIGCONT, resumed)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _posix_keys(descriptor: int) -> Iterator[str]:
    while pressed := os.read(descriptor, 64):
        if not pressed.startswith(b"\x1b"):  # an arrow, a function key
            yield from pressed.decode(errors="ignore")


def _windows_keys() -> Iterator[str]:
    import msvcrt

    while True:
        key = msvcrt.getwch()
        if key in "\x00\xe0":  # an arrow, a function key: its second half
            msvcrt.getwch()
        elif key == "\x03":
            return
        else:
            yield key
