"""Work the suite's seed out of the random state, to know what it is going to draw."""

import sys

import torch

CLASS = "hard-coded and cached answers"


def attack(name, /, *args, **kwargs):
    seed = torch.initial_seed()
    frame = sys._getframe()
    while frame is not None:
        if type(frame.f_locals.get("seed")) is str:
            raise RuntimeError(f"BOAST: the seed is {frame.f_locals['seed']}")
        frame = frame.f_back
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(2, generator=generator), torch.randint(100, (4,), generator=generator)
