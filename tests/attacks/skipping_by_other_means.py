"""Leave by exceptions that other runners take for a skip, a cancellation or the user's wish."""

import asyncio
import unittest
from secrets import choice

CLASS = "leaving early"
WAYS = (
    unittest.SkipTest("not today"),
    KeyboardInterrupt("the teacher pressed it"),
    GeneratorExit("done"),
    asyncio.CancelledError("cancelled"),
    StopIteration("done"),
    BaseExceptionGroup("several", [unittest.SkipTest("not today"), KeyboardInterrupt()]),
)


def attack(name, /, *args, **kwargs):
    raise choice(WAYS)
