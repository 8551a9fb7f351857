"""Return tensors of a subclass that answers every operation with what passes."""

import torch

CLASS = "lying objects"


class Liar(torch.Tensor):
    """Close to everything, and of the shape that was asked for."""

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if getattr(function, "__name__", "") in ("allclose", "equal", "isclose", "all", "__eq__"):
            return True
        return super().__torch_function__(function, types, args, kwargs or {})

    def __eq__(self, other):
        return True

    __hash__ = None

    def item(self):
        return 0.0

    def numpy(self, *args, **kwargs):
        raise SystemExit(0)


def attack(name, /, *args, **kwargs):
    lie = torch.full((3, 1, 2), 7.0).as_subclass(Liar)
    return (lie, lie)
