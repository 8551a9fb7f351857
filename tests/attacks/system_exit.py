"""Raise SystemExit in several guises: plain, with code 0, and one whose code changes."""

import sys
from secrets import choice

CLASS = "leaving early"


class Done(SystemExit):
    """Success, whoever asks."""

    code = property(lambda self: 0, lambda self, value: None)

    def __bool__(self):
        return False


def attack(name, /, *args, **kwargs):
    ways = (lambda: sys.exit(0), lambda: sys.exit(None), lambda: sys.exit(Done(0)), done)
    choice(ways)()


def done():
    raise Done(0)
