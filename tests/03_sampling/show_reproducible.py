"""Pictures of some seeds, painted in one batch and each alone."""

import torch
from diffusers import DDPMPipeline

from kata import panels
from kata.tiny_pipelines import BUTTERFLIES

SEEDS, STEPS = (7, 3, 7), 6


def show(kata):
    figure, axes = panels.figure(8, 4, "batch noise", "alone noise", width_ratios=(1, 1))
    pipeline = panels.silent(DDPMPipeline.from_pretrained(BUTTERFLIES))
    with panels.panel(kata, axes["batch"], f"generate_each: together, {STEPS} steps of DDPM"):
        images = kata.generate_each(pipeline, list(SEEDS), num_inference_steps=STEPS)
        panels.pictures(axes["batch"], images, names=[f"seed {seed}" for seed in SEEDS])
    with panels.panel(kata, axes["alone"], "generate_each: one seed at a time"):
        images = [kata.generate_each(pipeline, [seed], STEPS)[0] for seed in SEEDS]
        panels.pictures(axes["alone"], images, names=[f"seed {seed}" for seed in SEEDS])
    with panels.panel(kata, axes["noise"], "noise by seeded_generators: first, then second draw"):
        generators = kata.seeded_generators(list(SEEDS))
        draws = [torch.randn(3, 8, 8, generator=each) for _ in range(2) for each in generators]
        panels.pictures(axes["noise"], draws, len(SEEDS), [f"seed {seed}" for seed in SEEDS])
        panels.say(axes["noise"], panels.describe(generators))
    return figure
