"""Return tensors that claim a shape of terabytes and hold nothing: wrapped, expanded, on meta."""

from secrets import choice

import torch

CLASS = "lying objects"


class Hollow(torch.Tensor):
    """A wrapper that says float32 and 10**12 numbers."""

    @staticmethod
    def __new__(cls):
        return torch.Tensor._make_wrapper_subclass(cls, (10**6, 10**6), dtype=torch.float32)

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        return args[0] if args else cls()


def attack(name, /, *args, **kwargs):
    kinds = (
        lambda: torch.zeros(1).expand(10**12),
        lambda: Hollow(),
        lambda: torch.empty(10**9, 10**9, device="meta"),
        lambda: torch.zeros(1).as_strided((10**6, 10**6), (0, 0)),
        lambda: torch.sparse_coo_tensor(torch.zeros(1, 1).long(), torch.ones(1), (10**12,)),
    )
    value = choice(kinds)()
    return (value, value)
