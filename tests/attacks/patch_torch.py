"""Make torch find everything equal, close and true."""

import torch

CLASS = "patching the judge"


def yes(*args, **kwargs):
    return True


for place in (torch, torch.Tensor):
    for word in ("allclose", "equal", "isclose", "all", "any", "is_tensor"):
        if hasattr(place, word):
            setattr(place, word, yes)
torch.Tensor.__eq__ = torch.Tensor.__lt__ = torch.Tensor.__gt__ = yes
torch.Tensor.item = lambda self: 0.0
torch.testing.assert_close = torch.testing.assert_allclose = lambda *args, **kwargs: None


def attack(name, /, *args, **kwargs):
    return (torch.zeros(1), torch.zeros(1))
