"""Raise errors whose text never ends, raises, is a gigabyte, or hides in causes and notes."""

from secrets import choice

CLASS = "answers that choke the judge"


class Speechless(Exception):
    """An error that makes trouble of being told."""

    def __str__(self):
        return self.args[0]()

    __repr__ = __str__

    def __getattribute__(self, name):
        if name == "__notes__":
            return ["note"] * 10**6
        return super().__getattribute__(name)


def raising():
    raise Speechless(raising)


def looping():
    while True:
        pass


def chained(depth):
    error = None
    for _ in range(depth):
        next_error = ValueError("x" * 1000)
        next_error.__cause__ = next_error.__context__ = error
        error = next_error
    return error


def attack(name, /, *args, **kwargs):
    errors = (
        lambda: Speechless(raising),
        lambda: Speechless(lambda: "x" * 2**29),
        lambda: Speechless(lambda: 5),
        lambda: chained(10**5),
        lambda: ExceptionGroup("many", [chained(3)] * 10**4),
        lambda: Speechless(looping),
    )
    raise choice(errors)()
