"""What all kinds of values share: the plain types, stand-ins for what stays, and the error."""

from dataclasses import dataclass, field

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


@dataclass(frozen=True)
class Foreign:
    """An object of a type that does not cross, known by the name of its type alone."""

    type_name: str
