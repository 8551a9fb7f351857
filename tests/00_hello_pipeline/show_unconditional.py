"""Eight butterflies out of noise, and seven pictures laid out in a file."""

import tempfile
from pathlib import Path

from diffusers import DDPMPipeline
from PIL import Image

from kata import panels
from kata.tiny_pipelines import BUTTERFLIES

STEPS = 8


def show(kata):
    figure, axes = panels.figure(8, 3.6, "painted", "saved", height_ratios=(1, 1.6))
    with panels.panel(kata, axes["painted"], f"load_pipeline, then generate in {STEPS} steps"):
        pipeline = panels.expect(kata.load_pipeline(BUTTERFLIES), DDPMPipeline)
        images = kata.generate(panels.silent(pipeline), 8, num_inference_steps=STEPS, seed=0)
        panels.pictures(axes["painted"], images)
    with panels.panel(kata, axes["saved"], "save_pictures: seven pictures, four columns"):
        panels.picture(axes["saved"], _saved(kata))
    return figure


def _saved(kata):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pictures.png"
        kata.save_pictures(panels.images(7, 48), str(path), columns=4)
        if not path.is_file():
            raise ValueError("save_pictures wrote no file")
        return Image.open(path).copy()
