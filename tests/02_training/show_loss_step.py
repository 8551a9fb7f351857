"""The loss at many timesteps beside the least that there can be, and what the model was shown."""

import torch
from diffusers import DDPMScheduler

from kata import panels
from kata.probes import GaussianUNet

DRAWS, BATCH, SIZE, STD = 100, 8, 16, 0.5


def show(kata):
    figure, axes = panels.figure(8, 4, "losses", "shown", height_ratios=(1.7, 1))
    scheduler = DDPMScheduler(beta_schedule="squaredcos_cap_v2")
    model = GaussianUNet(std=STD)
    with panels.panel(kata, axes["losses"], f"training_loss, {DRAWS} times, one picture each"):
        _draw_losses(kata, axes["losses"], model, scheduler)
    with panels.panel(kata, axes["shown"], f"what the model was shown of a batch of {BATCH}"):
        kata.training_loss(model, scheduler, panels.butterflies(BATCH, 32), panels.generator())
        call = model.calls[-1]
        names = [f"t = {t:g}" for t in torch.as_tensor(call["timestep"]).reshape(-1)]
        panels.pictures(axes["shown"], call["sample"], names=names if len(names) == BATCH else ())
    return figure


def _draw_losses(kata, axis, model, scheduler):
    """Pictures of independent normal pixels, for which the best prediction is known."""
    generator = panels.generator()
    timesteps, losses = [], []
    for _ in range(DRAWS):
        images = STD * torch.randn(1, 3, SIZE, SIZE, generator=generator)
        loss = kata.training_loss(model, scheduler, images, generator)
        losses.append(panels.numbers(torch.as_tensor(loss).reshape(-1)).mean().item())
        timesteps.append(torch.as_tensor(model.calls[-1]["timestep"]).reshape(-1)[0].item())
    signal = scheduler.alphas_cumprod * STD**2
    least = signal / (signal + 1 - scheduler.alphas_cumprod)
    panels.line(axis, least, "the least possible", color=panels.GREY)
    axis.plot(timesteps, losses, "o", markersize=4, color=panels.BLUE, label="training_loss")
    axis.legend(frameon=False, fontsize=8)
    panels.say(axis, "timestep")
