"""`kata sample`: what was trained paints. The learner's own katas of 03_sampling, end to end.

runs/cpu/sampled/pipeline/    the trained UNet in a pipeline that was saved and loaded
runs/cpu/sampled/sheet.png    one picture for each seed
runs/cpu/sampled/strip.png    pictures appearing from noise, one a row
runs/cpu/sampled/edits.png    the first picture, painted over: a little, by half, much
"""

from pathlib import Path

import torch
from diffusers import DDPMScheduler, UNet2DModel
from PIL import Image
from rich.console import Console

from kata.command_line import run_prefix
from kata.errors import KataError
from kata.learner import Functions
from kata.run import Run

FRAMES, ROWS, STRENGTHS, SCALE = 8, 4, (0.2, 0.5, 0.8), 3


class NothingTrained(KataError):
    """The run has no trained pipeline yet; the message says what to type."""


def run_sampling(functions: Functions, folder: Path, pictures: int, steps: int, seed: int) -> None:
    """Sample with the model that `kata train` left in `folder`, into `folder`/sampled.

    Raises NothingTrained when there is none, RunError when the pictures cannot be written.
    """
    model, scheduler = _trained(folder / "pipeline")
    run = Run(folder / "sampled", {})
    console = Console()
    console.print(f"A pipeline of your own, saved and loaded: {run.pipeline}")
    functions("make_pipeline", "save")(
        functions("make_pipeline", "make_pipeline")(model, scheduler), str(run.pipeline)
    )
    pipeline = functions("make_pipeline", "load")(str(run.pipeline))
    fast = functions("fast_sampling", "with_scheduler")(pipeline, "ddim")
    seeds = list(range(seed, seed + pictures))
    console.print(f"One picture for each of {pictures} seeds, {steps} steps")
    images = functions("reproducible", "generate_each")(fast, seeds, num_inference_steps=steps)
    _save(run, "sheet.png", _rows(functions, images, min(pictures, 4)))
    console.print(f"{ROWS} pictures appearing from noise")
    _save(run, "strip.png", _rows(functions, _frames(functions, fast, seed, steps), FRAMES))
    console.print("The first picture again, from a little noise and from much")
    other = seed + pictures  # the noise that made a picture would nearly give it back
    edits = [
        functions("image_to_image", "edit")(
            fast, images[0], strength, seed=other, num_inference_steps=steps
        )
        for strength in STRENGTHS
    ]
    _save(run, "edits.png", _rows(functions, [images[0], *edits], 1 + len(STRENGTHS)))
    for name in ("sheet.png", "strip.png", "edits.png"):
        console.print(f"  {run.folder / name}")


def _trained(folder: Path) -> tuple[UNet2DModel, DDPMScheduler]:
    if not (folder / "model_index.json").is_file():
        raise NothingTrained(
            f"{folder} is not there: train first, with {run_prefix()}kata train, "
            "or name a finished run by --run."
        )
    try:
        model = UNet2DModel.from_pretrained(folder, subfolder="unet")
        return model, DDPMScheduler.from_pretrained(folder, subfolder="scheduler")
    except (OSError, ValueError) as error:
        raise NothingTrained(
            f"{folder} cannot be loaded ({error}). Train anew: {run_prefix()}kata train"
        ) from error


def _frames(functions: Functions, pipeline, seed: int, steps: int) -> list[Image.Image]:
    """ROWS pictures on their way from noise, FRAMES of each, one picture after the other."""
    side, generator = pipeline.unet.config.sample_size, torch.Generator().manual_seed(seed)
    noise = torch.randn(ROWS, 3, side, side, generator=generator)
    frames = functions("denoise_loop", "denoising_frames")(
        pipeline.unet, pipeline.scheduler, noise, steps, FRAMES
    )
    to_grid = functions("show_images", "to_grid")
    return [to_grid(frame[row : row + 1], 1) for row in range(ROWS) for frame in frames]


def _rows(functions: Functions, images: list[Image.Image], columns: int) -> Image.Image:
    """The pictures row by row, each row a strip as the learner's `make_strip` makes it."""
    size = images[0].width * SCALE
    starts = range(0, len(images), columns)
    make_strip = functions("show_images", "make_strip")
    strips = [make_strip(images[start : start + columns], size) for start in starts]
    sheet = Image.new("RGB", (strips[0].width, sum(strip.height for strip in strips)), "white")
    for row, strip in enumerate(strips):
        sheet.paste(strip, (0, row * strips[0].height))
    return sheet


def _save(run: Run, name: str, image: Image.Image) -> None:
    run.write(name, lambda path: image.save(path, format="PNG"))
