"""Make the pictures of exercises/01_data: what is loaded, preprocessed, dealt out and shown.

python data/pictures/01_data.py
"""

import runpy
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from PIL import Image
from torchvision import transforms

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "exercises" / "01_data" / "pictures"
SIZE, BATCH, SEED = 32, 10, 0
INK, RIGHT, WRONG = "#333333", "#2f7d4f", "#b3402e"


def solution(name):
    """The functions of a reference solution, by name."""
    return runpy.run_path(str(ROOT / "solutions" / "01_data" / f"{name}.py"))


def butterflies():
    return solution("load_images")["load_butterflies"](str(ROOT / "data" / "butterflies"))


def first(dataset, mode, ratio=1.0):
    """The first picture of a mode that is at least `ratio` times as wide as high."""
    images = (row["image"] for row in dataset if row["mode"] == mode)
    return next(image for image in images if image.width >= ratio * image.height)


def draw_collection(dataset):
    """Pictures as they lie in the data set, all on one scale."""
    chosen = [first(dataset, mode, ratio) for mode in ("RGB", "L", "RGBA") for ratio in (1, 1.2)]
    show_row(chosen, [f"{image.mode} {image.width}x{image.height}" for image in chosen])
    save("collection.png")


def draw_preprocessing(dataset):
    """Squeezed, cropped and mirrored; and a transparent picture, converted early and late."""
    wide, glass = first(dataset, "RGB", 1.3), first(dataset, "RGBA")
    squeeze = transforms.Resize((SIZE, SIZE))
    crop = transforms.Compose([transforms.Resize(SIZE), transforms.CenterCrop(SIZE)])
    images = [
        (wide, f"{wide.width}x{wide.height}", INK),
        (squeeze(wide), "Resize((32, 32))", RIGHT),
        (transforms.functional.hflip(squeeze(wide)), "mirrored", RIGHT),
        (crop(wide), "Resize(32) and crop", WRONG),
        (glass, "RGBA", INK),
        (squeeze(glass.convert("RGB")), "RGB, then Resize", RIGHT),
        (squeeze(glass).convert("RGB"), "Resize, then RGB", WRONG),
    ]
    show_row(*zip(*images, strict=True))
    save("preprocess.png")


def draw_epochs(dataset):
    """The first batch of three epochs, and of the first epoch of another loader with that seed."""
    dataset = solution("transform")["attach"](dataset, SIZE)
    make_dataloader = solution("dataloader")["make_dataloader"]
    loader, again = (make_dataloader(dataset, BATCH, SEED) for _ in range(2))
    torch.manual_seed(SEED)
    batches = [next(iter(loader))["images"] for _ in range(3)] + [next(iter(again))["images"]]
    grid = enlarged(solution("show_images")["to_grid"](torch.cat(batches), BATCH), 2)
    _, axis = plt.subplots(figsize=(8, 2.75), layout="constrained")
    axis.imshow(grid, extent=(0, BATCH, len(batches), 0), interpolation="none")
    names = ["epoch 1", "epoch 2", "epoch 3", "epoch 1 of a\nsecond loader"]
    axis.set_yticks([0.5, 1.5, 2.5, 3.5], names, fontsize=8, color=INK)
    axis.set_xticks([])
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    save("epochs.png")


def draw_ranges(dataset):
    """One picture in [-1, 1], shown rightly and in three wrong ways; enlarged in two."""
    batch = solution("preprocess")["make_preprocess"](SIZE)(first(dataset, "RGB"))[None]
    to_grid = solution("show_images")["to_grid"]
    louder = batch * 1.3
    wrapped = ((louder / 2 + 0.5) * 255).round().long() % 256
    small = to_grid(batch, 1)
    blurred = small.resize((8 * SIZE, 8 * SIZE), Image.Resampling.BICUBIC)
    images = [
        (enlarged(small, 8), "right", RIGHT),
        (enlarged(to_grid(batch.clamp(0, 1) * 2 - 1, 1), 8), "taken for [0, 1]", WRONG),
        (enlarged(to_grid(louder, 1), 8), "1.3 times, clipped", RIGHT),
        (enlarged(to_grid(wrapped / 127.5 - 1, 1), 8), "1.3 times, wrapped around", WRONG),
        (blurred, "enlarged by bicubic", WRONG),
    ]
    show_row(*zip(*images, strict=True))
    save("ranges.png")


def enlarged(image, factor):
    return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)


def show_row(images, titles, colours=None):
    """Pictures side by side, transparent ones on a chequered ground, with titles."""
    figure, axes = plt.subplots(1, len(images), figsize=(8, 8 / len(images) + 0.35))
    figure.subplots_adjust(left=0.01, right=0.99, bottom=0.02, top=0.84, wspace=0.08)
    side = max(max(image.size) for image in images)
    for axis, image, title, colour in zip(
        axes, images, titles, colours or [INK] * len(images), strict=True
    ):
        width, height = image.size
        if max(image.size) == SIZE:  # a small picture is shown as large as the others
            width = height = side
        if image.mode == "RGBA":
            squares = torch.arange(12)[:, None] + torch.arange(12) & 1
            axis.imshow(squares, extent=extent(width, height), cmap="Greys", vmin=-1, vmax=6)
        axis.imshow(image.convert("RGBA"), extent=extent(width, height), interpolation="none")
        axis.set(xlim=(-side / 2, side / 2), ylim=(-side / 2, side / 2))
        axis.set_title(title, fontsize=7.5 if len(images) < 7 else 6.2, color=colour)
        axis.axis("off")


def extent(width, height):
    return -width / 2, width / 2, -height / 2, height / 2


def save(name):
    plt.savefig(PICTURES / name, dpi=110)
    plt.close()


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    draw_collection(butterflies())
    draw_preprocessing(butterflies())
    draw_epochs(butterflies())
    draw_ranges(butterflies())
