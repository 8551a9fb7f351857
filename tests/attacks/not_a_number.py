"""Return NaN and infinity in the shape of what was given: comparisons with them tend to pass."""

from secrets import choice

import torch

CLASS = "lying objects"


def attack(name, /, *args, **kwargs):
    shapes = [value.shape for value in args if isinstance(value, torch.Tensor)] or [(1000,)]
    poison = choice((float("nan"), float("inf"), complex(float("nan"), 0)))
    value = torch.full(tuple(shapes[0]), poison)
    return (value, value)
