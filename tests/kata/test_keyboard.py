"""Single keys of a terminal, which is as it was before afterwards."""

import io
import os

import pytest

from kata.keyboard import _posix_keys, single_keys

termios = pytest.importorskip("termios")
LOCAL, OUTPUT = 3, 1  # places in what tcgetattr returns


@pytest.fixture
def terminal(monkeypatch):
    """A terminal on stdin; what is written to its other end are keys."""
    keys, screen = os.openpty()
    with open(screen, closefd=True) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        yield keys, screen
    os.close(keys)


def test_keys_come_without_enter(terminal):
    keys, _ = terminal
    with single_keys() as single:
        os.write(keys, b"hq")
        assert [next(single.keys), next(single.keys)] == ["h", "q"]


def test_an_arrow_is_no_key(monkeypatch):
    pressed = iter([b"\x1b[A", b"q", b""])
    monkeypatch.setattr("os.read", lambda descriptor, count: next(pressed))
    assert list(_posix_keys(0)) == ["q"]


def test_the_terminal_neither_echoes_nor_waits_for_lines_and_prints_as_before(terminal):
    _, screen = terminal
    before = termios.tcgetattr(screen)
    with single_keys():
        mode = termios.tcgetattr(screen)
    assert mode[LOCAL] == before[LOCAL] & ~(termios.ICANON | termios.ECHO)
    assert mode[OUTPUT] == before[OUTPUT]


def test_the_terminal_is_restored_whatever_happens(terminal):
    _, screen = terminal
    before = termios.tcgetattr(screen)
    with pytest.raises(KeyboardInterrupt), single_keys():
        raise KeyboardInterrupt
    assert termios.tcgetattr(screen) == before


def test_a_mode_that_a_program_left_behind_is_mended(terminal):
    _, screen = terminal
    with single_keys() as single:
        wanted = termios.tcgetattr(screen)
        strange = termios.tcgetattr(screen)
        strange[OUTPUT] &= ~termios.OPOST
        termios.tcsetattr(screen, termios.TCSANOW, strange)
        single.mend()
        assert termios.tcgetattr(screen) == wanted


def test_there_are_no_keys_where_stdin_is_no_terminal(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with single_keys() as single:
        assert single is None
