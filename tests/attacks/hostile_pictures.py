"""Send pictures of impossible sizes, modes and palettes."""

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


def image(**fields):
    plain = {"mode": "RGB", "size": [2, 2], "blob": 0, "palette": None, "transparency": None}
    return {"kind": "image", **plain, **fields}


FORGED = (
    image(size=[10**5, 10**6]),
    image(size=[2**31, 2**31]),
    image(size=[0, 0]),
    image(size=[-1, 5]),
    image(size=[10**9, 0]),
    image(mode="P", palette=[[0] * 10**6, "RGB"]),
    image(mode="P", palette=["x", "../../etc"]),
    image(mode="I;16N"),
    image(mode="F", blob=-1),
    image(mode="1", size=[10**6, 10**6]),
    image(transparency={"kind": "list", "items": [999] * 4}),
)


def attack(name, /, *args, **kwargs):
    return Raw(choice(FORGED))
