"""Return what was given, as it was given."""

CLASS = "returning the library's own"


def attack(name, /, *args, **kwargs):
    given = [*args, *kwargs.values()]
    return given[0] if len(given) == 1 else tuple(given)
