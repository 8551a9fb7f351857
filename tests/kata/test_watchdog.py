"""Who is watched is charged for its own test, and for no other."""

import os
import sys
import time

import pytest

from kata.sandbox.limits import Limits

if sys.platform != "linux":
    pytest.skip("the sandbox is made of Linux' parts", allow_module_level=True)

from kata.sandbox import watchdog


@pytest.fixture
def spent(monkeypatch):
    """A list with the seconds of CPU time that the worker has spent, as far as anybody can see."""
    seconds = [0.0]
    monkeypatch.setattr(watchdog, "_cpu_seconds", lambda tree: seconds[0])
    monkeypatch.setattr(watchdog, "PATIENCE", 0.0)
    return seconds


@pytest.fixture
def watched(tmp_path, spent):
    return watchdog.Watchdog(os.getpid(), tmp_path, Limits(cpu=5), began=time.monotonic())


def test_what_was_seen_in_one_test_is_not_charged_to_the_next(watched, spent):
    spent[0] = 4.0
    assert watched.excess() == ""
    watched.begin()
    spent[0] = 8.0
    assert watched.excess() == ""
    spent[0] = 9.5
    assert "more than 5 seconds of CPU time" in watched.excess()


def test_what_nobody_has_seen_yet_is_charged_to_the_next_test(watched, spent):
    spent[0] = 3.0
    watched.begin()
    spent[0] = 6.0
    assert "CPU time" in watched.excess()


def test_what_ended_unseen_buys_the_next_test_no_time(watched, spent):
    spent[0] = 4.0
    assert watched.excess() == ""
    watched.begin()
    spent[0] = 1.0
    assert watched.excess() == ""
    spent[0] = 6.5
    assert "CPU time" in watched.excess()
