"""Butterflies that drown rung by rung, a batch of many timesteps, and the values of its noise."""

import torch
from diffusers import DDPMScheduler

from kata import panels

RUNGS, ROWS, SIZE = 8, 2, 32
TIMESTEPS = (0, 250, 500, 750, 999)


def show(kata):
    figure, axes = panels.figure(
        8, 4.6, "ladder ladder", "batch values", height_ratios=(1.1, 1), width_ratios=(2, 1)
    )
    scheduler = DDPMScheduler(beta_schedule="squaredcos_cap_v2")
    images, timesteps = panels.butterflies(len(TIMESTEPS), SIZE), torch.tensor(TIMESTEPS)
    with panels.panel(kata, axes["ladder"], f"noise_ladder, {RUNGS} rungs from clean to noise"):
        ladder = kata.noise_ladder(scheduler, images[:ROWS], RUNGS, panels.generator())
        rows = [rung[row] for row in range(ROWS) for rung in ladder]
        panels.pictures(axes["ladder"], rows, RUNGS)
        panels.say(axes["ladder"], panels.describe(ladder))
    with panels.panel(kata, axes["batch"], "corrupt: noisy pictures, and their noise below"):
        noisy, noise = kata.corrupt(scheduler, images, timesteps, panels.generator())
        both = torch.cat([panels.as_batch(noisy), panels.as_batch(noise)])
        names = [f"t = {t}" for t in TIMESTEPS]
        panels.pictures(axes["batch"], both, len(TIMESTEPS), names)
        panels.say(axes["batch"], panels.describe(noisy))
    with panels.panel(kata, axes["values"], "values of the noise"):
        _, noise = kata.corrupt(scheduler, images, timesteps, panels.generator())
        panels.histogram(axes["values"], noise, limits=(-4, 4))
    return figure
