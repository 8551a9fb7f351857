"""Butterflies that appear from noise, by DDIM and by DDPM."""

import torch
from diffusers import DDIMScheduler, DDPMScheduler, UNet2DModel

from kata import panels
from kata.tiny_pipelines import BUTTERFLIES

FRAMES, STEPS, ROWS = 7, 6, 2


def show(kata):
    figure, axes = panels.figure(8, 3, "frames done", width_ratios=(FRAMES, 2.2))
    unet = UNet2DModel.from_pretrained(BUTTERFLIES, subfolder="unet")
    noise = torch.randn(ROWS, 3, 32, 32, generator=panels.generator(4))
    with panels.panel(kata, axes["frames"], f"denoising_frames, {STEPS} steps of DDIM"):
        scheduler = DDIMScheduler.from_pretrained(BUTTERFLIES, subfolder="scheduler")
        frames = kata.denoising_frames(unet, scheduler, noise, STEPS, FRAMES)
        rows = [frame[row] for row in range(ROWS) for frame in frames]
        panels.pictures(axes["frames"], rows, len(frames), range(len(frames)))
        panels.say(axes["frames"], panels.describe(frames))
    with panels.panel(kata, axes["done"], f"denoise,\n{2 * STEPS} steps of DDPM"):
        scheduler = DDPMScheduler.from_pretrained(BUTTERFLIES, subfolder="scheduler")
        done = kata.denoise(unet, scheduler, noise, 2 * STEPS, panels.generator())
        panels.pictures(axes["done"], done, 1)
        panels.say(axes["done"], "")
    return figure
