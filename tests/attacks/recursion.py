"""Recurse without an end: in a call, in attributes, in containers that hold themselves."""

import sys
from secrets import choice

CLASS = "answers that choke the judge"


class Deep:
    """Each look at it looks at it once more."""

    def __getattr__(self, name):
        return getattr(self, name + "x")


def down(value):
    return down([value])


def attack(name, /, *args, **kwargs):
    own = {"list": []}
    own["list"].append(own)
    if choice((True, False)):
        sys.setrecursionlimit(2**30)
    return choice((down, lambda value: Deep(), lambda value: own))(0)
