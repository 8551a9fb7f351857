"""What a pipeline paints before it is saved and after it is loaded, and the files between."""

import tempfile
from pathlib import Path

from diffusers import DDPMPipeline, DPMSolverMultistepScheduler, UNet2DModel

from kata import panels
from kata.tiny_pipelines import BUTTERFLIES, unconditional

STEPS, COUNT = 5, 3


def show(kata):
    figure, axes = panels.figure(8, 4.2, "made files", "loaded files", width_ratios=(3, 2.2))
    unet = UNet2DModel.from_pretrained(BUTTERFLIES, subfolder="unet").eval()
    scheduler = DPMSolverMultistepScheduler.from_pretrained(BUTTERFLIES, subfolder="scheduler")
    with panels.panel(kata, axes["made"], f"make_pipeline, {STEPS} steps"):
        _paint(axes["made"], kata.make_pipeline(unet, scheduler))
    with tempfile.TemporaryDirectory() as folder:
        with panels.panel(kata, axes["files"], "save"):
            kata.save(unconditional(unet, scheduler), folder)
            panels.table(axes["files"], _files(Path(folder)))
        with panels.panel(kata, axes["loaded"], "load: the same seed, from the folder"):
            _paint(axes["loaded"], kata.load(folder))
    return figure


def _paint(axis, pipeline):
    pipeline = panels.silent(panels.expect(pipeline, DDPMPipeline))
    output = pipeline(COUNT, panels.generator(3), num_inference_steps=STEPS)
    panels.pictures(axis, output.images)


def _files(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): f"{-(-path.stat().st_size // 1024):,} KiB" for path in files
    }
