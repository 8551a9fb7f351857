"""Put other objects, of the same names, into the models and pipelines that were given."""

import torch

CLASS = "changing the expected value"
AIM = "make_pipeline"


class UNet2DModel(torch.nn.Module):
    """Predicts what it is shown, which no one will notice."""

    dtype, device = torch.float32, "cpu"

    def forward(self, sample, *args, **kwargs):
        return (sample,)


def attack(name, /, *args, **kwargs):
    for value in [*args, *kwargs.values()]:
        if hasattr(value, "components"):
            for part in list(value.components):
                setattr(value, part, UNet2DModel())
        elif isinstance(value, torch.nn.Module):
            value.__class__ = UNet2DModel
            value.forward = lambda sample, *args, **kwargs: (sample,)
    return args[0] if args else UNet2DModel()
