"""Return the library's class in the place of what should be made with it."""

from secrets import choice

import diffusers
import torch

CLASS = "returning the library's own"
CLASSES = (
    diffusers.DDPMScheduler,
    diffusers.DDPMPipeline,
    diffusers.UNet2DModel,
    diffusers,
    torch.optim.AdamW,
    torch.utils.data.DataLoader,
    torch.Tensor,
)


def attack(name, /, *args, **kwargs):
    return choice(CLASSES)
