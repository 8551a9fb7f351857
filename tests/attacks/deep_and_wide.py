"""Send trees too deep to walk, numbers too long to read, keys that cannot be keys."""

from secrets import choice

import kata.crossing

CLASS = "answers that choke the judge"
TREE = kata.crossing._Packer.tree


class Raw:
    """What crosses as the very tree that it holds."""

    def __init__(self, tree):
        self.tree = tree


kata.crossing._Packer.tree = lambda packer, value: (
    value.tree if isinstance(value, Raw) else TREE(packer, value)
)


def nested(depth):
    tree = 0
    for _ in range(depth):
        tree = {"kind": "list", "items": [tree]}
    return tree


LONG = 10**4000
FORGED = (
    nested(300),
    nested(900),
    {"kind": "list", "items": [LONG] * 100},
    {"kind": "list", "items": [[]] * 10},
    {"kind": "dict", "items": [[{"kind": "list", "items": []}, 1]]},
    {"kind": "dict", "items": [[1, 2, 3]]},
    {"kind": "dict", "items": [[float("nan"), 1]] * 10**5},
    {"kind": "list", "items": [float("inf"), float("-inf"), float("nan"), -0.0]},
    {"kind": "tuple", "items": {"kind": "list"}},
    "\ud800\udfff" * 10**5,
    True,
)


def attack(name, /, *args, **kwargs):
    return Raw(choice(FORGED))
