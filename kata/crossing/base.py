"""What all kinds of values share: the plain types, stand-ins for what stays, and the error."""

from dataclasses import dataclass, field

LONGEST_NAME = 200
PLAIN = (type(None), bool, int, float, str)
CONTAINERS = {"list": list, "tuple": tuple, "dict": dict}


class CrossingError(Exception):
    """A value that cannot cross, or bytes that hold none; the message says why."""


@dataclass(frozen=True)
class Reference:
    """An object of the learner's that stays where it lives. `number` finds it there."""

    number: int
    type_name: str
    is_callable: bool = field(default=False, compare=False)  # and no class

    def __post_init__(self):
        kinds = type(self.number), type(self.is_callable)
        _check(kinds == (int, bool) and _is_name(self.type_name))


@dataclass(frozen=True)
class Foreign:
    """An object of a type that does not cross, known by the name of its type alone."""

    type_name: str

    def __post_init__(self):
        _check(_is_name(self.type_name))


def _is_name(value: object) -> bool:
    return type(value) is str and value.isprintable() and len(value) <= LONGEST_NAME


def _check(is_sound: bool) -> None:
    if not is_sound:
        raise CrossingError("the name of no object")
