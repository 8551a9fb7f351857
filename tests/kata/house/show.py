"""Pictures, the more noisy the later their timestep."""

import torch
from diffusers import DDPMScheduler

from kata import draw, panels


def show(kata):
    figure, axes = panels.figure(8, 2, "noisy")
    images, timesteps = draw.pictures(panels.generator(), 3, 8), torch.tensor([0, 500, 999])
    with panels.panel(kata, axes["noisy"], "corrupt"):
        noisy, _ = kata.corrupt(DDPMScheduler(), images, timesteps, panels.generator())
        panels.pictures(axes["noisy"], noisy)
    return figure
