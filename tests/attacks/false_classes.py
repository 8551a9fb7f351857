"""Return objects that call themselves a scheduler, a model or a tensor of the library."""

from secrets import choice

import diffusers
import torch

CLASS = "lying objects"
CLAIMS = (torch.Tensor, diffusers.DDPMScheduler, diffusers.UNet2DModel, diffusers.DDPMPipeline)


def impostor(claim):
    """An object whose `__class__`, name and module are the library's."""
    space = {"__class__": property(lambda self: claim), "__module__": claim.__module__}
    return type(claim.__name__, (), {**space, "config": {"num_train_timesteps": 1000}})()


class DDPMScheduler(diffusers.DDPMScheduler):
    """One's own, under the library's name, whose betas are another number at each look."""

    betas = property(lambda self: torch.rand(1000), lambda self, value: None)


def attack(name, /, *args, **kwargs):
    values = (DDPMScheduler(), *map(impostor, CLAIMS))
    return choice([*values, *zip(values, values, strict=True)])
