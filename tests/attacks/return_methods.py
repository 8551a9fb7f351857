"""Return the library's methods, unfinished, with the arguments bound to them."""

import functools
from secrets import choice

CLASS = "returning the library's own"


def attack(name, /, *args, **kwargs):
    methods = [
        getattr(value, word)
        for value in args
        for word in ("add_noise", "step", "clone")
        if hasattr(value, word)
    ] or [print, eval, exec, open]
    method = choice(methods)
    return functools.partial(method, *args, **kwargs)


def honest(name, /, *args, **kwargs):
    """A function of no use."""
    return lambda *args, **kwargs: None
