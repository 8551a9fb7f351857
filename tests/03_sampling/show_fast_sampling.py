"""One noise in few steps by every scheduler, in a pipeline and in a loop."""

import torch
from diffusers import DDPMPipeline, EulerDiscreteScheduler, UNet2DModel

from kata import panels
from kata.tiny_pipelines import BUTTERFLIES

NAMES = ("ddpm", "ddim", "dpm-solver++", "euler")
STEPS, COUNT = 5, 2


def show(kata):
    figure, axes = panels.figure(7, 3.6, "pipelines loop", width_ratios=(4, 1.3))
    with panels.panel(kata, axes["pipelines"], f"with_scheduler: one seed, {STEPS} steps"):
        pipeline = DDPMPipeline.from_pretrained(BUTTERFLIES)
        columns = [_painted(kata.with_scheduler(pipeline, name)) for name in NAMES]
        rows = [column[row] for row in range(COUNT) for column in columns]
        panels.pictures(axes["pipelines"], rows, len(NAMES), NAMES)
    with panels.panel(kata, axes["loop"], "denoise_scaled"):
        unet = UNet2DModel.from_pretrained(BUTTERFLIES, subfolder="unet")
        scheduler = EulerDiscreteScheduler.from_pretrained(BUTTERFLIES, subfolder="scheduler")
        noise = torch.randn(COUNT, 3, 32, 32, generator=panels.generator(3))
        images = kata.denoise_scaled(unet, scheduler, noise, STEPS)
        panels.pictures(axes["loop"], images, 1, ["euler"])
        panels.say(axes["loop"], "")
    return figure


def _painted(pipeline):
    panels.silent(panels.expect(pipeline, DDPMPipeline))
    return pipeline(COUNT, panels.generator(3), num_inference_steps=STEPS).images
