"""The loss on one batch falls, step by step."""

import torch
from diffusers import DDPMScheduler

from kata import panels
from kata.probes import tiny_unet

STEPS, BATCH, SIZE, LR = 30, 8, 8, 4e-3


def show(kata):
    figure, axes = panels.figure(7, 3, "losses")
    scheduler = DDPMScheduler(beta_schedule="squaredcos_cap_v2")
    model, images = tiny_unet(SIZE), panels.butterflies(BATCH, SIZE)
    optimizer = torch.optim.AdamW(model.parameters(), lr=LR)
    with panels.panel(kata, axes["losses"], f"train_step, {STEPS} times on one batch"):
        losses = [
            kata.train_step(model, optimizer, scheduler, images, panels.generator())
            for _ in range(STEPS)
        ]
        panels.line(axes["losses"], losses)
        axes["losses"].set(ylim=(0, None), ylabel="loss")
        panels.say(axes["losses"], "step, each with the same timesteps and the same noise")
    return figure
