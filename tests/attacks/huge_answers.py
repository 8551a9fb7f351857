"""Return what is too large to send: tensors, texts and containers of gigabytes."""

from secrets import choice

import torch

CLASS = "bombs"


def attack(name, /, *args, **kwargs):
    ways = (
        lambda: torch.zeros(2**28),
        lambda: "x" * 2**28,
        lambda: [0] * 10**7,
        lambda: {str(number): None for number in range(10**6)},
        lambda: torch.zeros(1).expand(2**40),
    )
    return choice(ways)()
