"""Make the pictures of exercises/03_sampling: a strip of denoising, edits and repaired wings.

    python data/pictures/03_sampling.py

The plot of steps against distance comes from benchmarks/schedulers.py.
"""

import runpy
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from datasets import load_dataset
from diffusers import DDPMPipeline
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "exercises" / "03_sampling" / "pictures"
ROWS, FRAMES, STEPS, SIDE, NUMBER = 3, 8, 50, 32, 12
STRENGTHS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def solution(name):
    """The functions of a reference solution, by name."""
    return runpy.run_path(str(ROOT / "solutions" / f"{name}.py"))


def draw_strip(shipped):
    """Three butterflies appearing from noise, by DDIM."""
    pipeline = solution("03_sampling/fast_sampling")["with_scheduler"](shipped, "ddim")
    noise = torch.randn(ROWS, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(4))
    frames = solution("03_sampling/denoise_loop")["denoising_frames"](
        pipeline.unet, pipeline.scheduler, noise, STEPS, FRAMES
    )
    titles = [f"{round(i * STEPS / (FRAMES - 1))} steps" for i in range(FRAMES)]
    save_table([[to_image(frame[row]) for frame in frames] for row in range(ROWS)], titles, "strip")


def draw_edits(pipeline):
    """One butterfly of the data set, painted over by ever more noise."""
    kata = solution("03_sampling/image_to_image")
    image = butterfly()
    edits = [
        kata["edit"](pipeline, image, strength, seed=3, num_inference_steps=STEPS)
        for strength in STRENGTHS
    ]
    save_table([edits], [f"strength {strength:g}" for strength in STRENGTHS], "edits")


def draw_inpainting(pipeline):
    """The right half of a butterfly, painted anew three times."""
    kata = solution("03_sampling/image_to_image")
    image, mask = butterfly(), Image.new("L", (SIDE, SIDE))
    mask.paste(255, (SIDE // 2, 0, SIDE, SIDE))
    anew = [
        kata["inpaint"](pipeline, image, mask, seed=s, num_inference_steps=STEPS) for s in (0, 1, 2)
    ]
    titles = ["picture", "mask", "seed 0", "seed 1", "seed 2"]
    save_table([[image, mask.convert("RGB"), *anew]], titles, "inpainting")


def butterfly():
    dataset = load_dataset(str(ROOT / "data" / "butterflies"), split="train")
    return dataset[NUMBER]["image"].convert("RGB").resize((SIDE, SIDE))


def to_image(picture):
    return solution("01_data/show_images")["to_grid"](picture[None], 1)


def save_table(rows, titles, name):
    """Pictures in rows under the titles of their columns."""
    figure, axes = plt.subplots(
        len(rows), len(titles), figsize=(len(titles), len(rows) + 0.4), squeeze=False
    )
    for row, images in zip(axes, rows, strict=True):
        for axis, image in zip(row, images, strict=True):
            axis.imshow(image, interpolation="nearest")
            axis.set(xticks=[], yticks=[])
    for axis, title in zip(axes[0], titles, strict=True):
        axis.set_title(title, fontsize=8)
    figure.tight_layout(pad=0.3)
    figure.savefig(PICTURES / f"{name}.png", dpi=110)
    plt.close(figure)


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    pipeline = DDPMPipeline.from_pretrained(ROOT / "data" / "models" / "ddpm-butterflies-32px")
    draw_strip(pipeline)
    draw_edits(pipeline)
    draw_inpainting(pipeline)
