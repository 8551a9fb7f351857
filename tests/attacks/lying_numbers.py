"""Return subclasses of numbers, texts and containers whose comparisons lie."""

from secrets import choice

CLASS = "lying objects"


def liar(base):
    yes = dict.fromkeys(
        ("__eq__", "__lt__", "__le__", "__gt__", "__ge__"), lambda self, other: True
    )
    no = {"__ne__": lambda self, other: False, "__hash__": lambda self: 0}
    return type(base.__name__, (base,), {**yes, **no})


def attack(name, /, *args, **kwargs):
    values = (
        liar(float)(1.0),
        liar(int)(1),
        liar(str)("DDPMScheduler"),
        liar(list)([liar(float)(0.0)] * 4),
        liar(dict)({liar(str)("images"): liar(list)([])}),
        (liar(tuple)([liar(int)(1)]), liar(float)("nan")),
    )
    return choice(values)
