"""The parts of pipelines in words, and one seed under exchanged schedulers."""

from diffusers import (
    DDIMScheduler,
    DDPMPipeline,
    DDPMScheduler,
    DiffusionPipeline,
    DPMSolverMultistepScheduler,
    UNet2DModel,
)

from kata import panels
from kata.tiny_pipelines import BUTTERFLIES, TEXT_TO_IMAGE

SCHEDULERS = {
    "DDPM": DDPMScheduler,
    "DDIM": DDIMScheduler,
    "DPM-Solver++": DPMSolverMultistepScheduler,
}
STEPS = 5


def show(kata):
    figure, axes = panels.figure(
        8, 4, "parts parts loaded loaded", "swapped swapped swapped assembled"
    )
    with panels.panel(kata, axes["parts"], "components of the text-to-image pipeline"):
        panels.table(axes["parts"], panels.expect(kata.components(TEXT_TO_IMAGE), dict))
    with panels.panel(kata, axes["loaded"], "load_component, of the unconditional one"):
        parts = {name: _loaded(kata, name) for name in ("unet", "scheduler")}
        panels.table(axes["loaded"], parts)
    with panels.panel(kata, axes["swapped"], f"swap_scheduler: one seed, {STEPS} steps"):
        images = [_painted(_swapped(kata, each)) for each in SCHEDULERS.values()]
        panels.pictures(axes["swapped"], images, names=[*SCHEDULERS])
    with panels.panel(kata, axes["assembled"], "assemble"):
        panels.pictures(axes["assembled"], _painted(_assembled(kata)))
    return figure


def _loaded(kata, name):
    return type(kata.load_component(BUTTERFLIES, name)).__name__


def _swapped(kata, scheduler_class):
    pipeline = DDPMPipeline.from_pretrained(BUTTERFLIES)
    return kata.swap_scheduler(pipeline, scheduler_class)


def _assembled(kata):
    unet = UNet2DModel.from_pretrained(BUTTERFLIES, subfolder="unet").eval()
    scheduler = DPMSolverMultistepScheduler.from_pretrained(BUTTERFLIES, subfolder="scheduler")
    return kata.assemble(BUTTERFLIES, unet, scheduler)


def _painted(pipeline):
    panels.silent(panels.expect(pipeline, DiffusionPipeline))
    return pipeline(generator=panels.generator(3), num_inference_steps=STEPS).images[0]
