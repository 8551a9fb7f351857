"""The losses of a small training, and of one that was stopped and went on."""

import tempfile
from pathlib import Path

import torch
from diffusers import DDPMScheduler
from torch.utils.data import DataLoader

from kata import panels
from kata.probes import tiny_unet

PICTURES, BATCH, SIZE, LR = 24, 8, 8, 4e-3
EPOCHS, STOPPED = 6, 3


def show(kata):
    figure, axes = panels.figure(8, 3, "steps epochs", sharey=True)
    losses = []
    with panels.panel(kata, axes["steps"], "after_step: the loss of each batch"):
        means = _train(kata, EPOCHS, after_step=lambda step, loss: losses.append((step, loss)))
        steps, values = zip(*losses, strict=True)
        axes["steps"].plot(steps, panels.numbers(values).numpy(), linewidth=2, color=panels.BLUE)
        panels.say(axes["steps"], f"step; {len(steps)} in all")
    with panels.panel(kata, axes["epochs"], "the means that train returns"):
        panels.line(axes["epochs"], means, "in one go", color=panels.BLUE, linewidth=5, alpha=0.4)
        with tempfile.TemporaryDirectory() as folder:
            checkpoint = str(Path(folder) / "checkpoint.pt")
            _train(kata, STOPPED, checkpoint=checkpoint)
            resumed = _train(kata, EPOCHS, checkpoint=checkpoint)
        label = f"stopped after {STOPPED} epochs, then gone on"
        panels.line(axes["epochs"], resumed, label, color=panels.RED, marker="o")
        panels.say(axes["epochs"], "epoch")
    return figure


def _train(kata, num_epochs, **options):
    dataset = [{"images": image} for image in panels.butterflies(PICTURES, SIZE)]
    loader = DataLoader(dataset, BATCH, shuffle=True, generator=panels.generator())
    torch.manual_seed(panels.SEED)
    scheduler = DDPMScheduler(beta_schedule="squaredcos_cap_v2")
    return kata.train(tiny_unet(SIZE), scheduler, loader, num_epochs, LR, **options)
