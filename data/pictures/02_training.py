"""Make the pictures of exercises/02_training: schedules, noise ladder, levels of the UNet.

python data/pictures/02_training.py
"""

import runpy
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from datasets import load_dataset
from matplotlib.patches import Rectangle
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "exercises" / "02_training" / "pictures"
BUTTERFLIES = [0, 5, 11]
SIZE, RUNGS, SEED = 48, 8, 0
PLAIN, ATTENTION, INK = "#d9dee7", "#f2b45c", "#333333"
FONT = 800  # in points at one dot per inch: 11 pixels


def solution(name):
    """The functions of a reference solution, by name."""
    return runpy.run_path(str(ROOT / "solutions" / f"{name}.py"))


def butterflies():
    """A few pictures of the data set, preprocessed: (3, 3, SIZE, SIZE) in [-1, 1]."""
    dataset = load_dataset(str(ROOT / "data" / "butterflies"), split="train")
    preprocess = solution("01_data/preprocess")["make_preprocess"](SIZE)
    torch.manual_seed(SEED)
    return torch.stack([preprocess(dataset[i]["image"]) for i in BUTTERFLIES])


def draw_schedules():
    """Signal and noise rates of the linear and the cosine schedule over time."""
    schedule = solution("02_training/noise_schedule")
    figure, axes = plt.subplots(1, 2, figsize=(8, 2.8), sharey=True, layout="constrained")
    for axis, name, title in zip(
        axes, ["linear", "squaredcos_cap_v2"], ["linear", "cosine (squaredcos_cap_v2)"], strict=True
    ):
        scheduler = schedule["make_scheduler"](1000, name)
        signal, noise = schedule["signal_and_noise_rates"](scheduler)
        axis.plot(signal, color="#2a6fbb", label="signal, $\\sqrt{\\bar\\alpha_t}$")
        axis.plot(noise, color="#c8553d", label="noise, $\\sqrt{1 - \\bar\\alpha_t}$")
        crossing = int((noise > signal).nonzero()[0])
        axis.axvline(crossing, color="#999999", linewidth=0.8, linestyle=":")
        axis.text(crossing + 12, 0.02, f"even at t = {crossing}", color="#666666", fontsize=8)
        axis.set(title=title, xlabel="timestep t", xlim=(0, 999), ylim=(0, 1.02))
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].legend(loc="center right", frameon=False, fontsize=9)
    save_small(figure, "schedules.png", dpi=110)


def draw_ladder():
    """Three butterflies drowning by the cosine schedule, and the first once more by the linear."""
    make_scheduler = solution("02_training/noise_schedule")["make_scheduler"]
    noise_ladder = solution("02_training/add_noise")["noise_ladder"]
    timesteps = solution("02_training/timesteps")["preview_timesteps"](RUNGS, make_scheduler())
    images = butterflies()
    cosine, linear = (
        noise_ladder(make_scheduler(1000, name), images, RUNGS, torch.Generator().manual_seed(SEED))
        for name in ("squaredcos_cap_v2", "linear")
    )
    rows = [*cosine.unbind(1), linear[:, 0]]  # each (RUNGS, 3, SIZE, SIZE)
    grid = solution("01_data/show_images")["to_grid"](torch.cat(rows), RUNGS)
    width, height = 2 * grid.width, 2 * grid.height
    figure = plt.figure(figsize=(width + 70, height + 26), dpi=1)
    axis = figure.add_axes((70 / (width + 70), 0, width / (width + 70), height / (height + 26)))
    axis.imshow(grid, interpolation="nearest", extent=(0, RUNGS, len(rows), 0), aspect="auto")
    centres = torch.arange(RUNGS) + 0.5
    axis.xaxis.tick_top()
    axis.set_xticks(centres, [f"t = {t}" for t in timesteps], fontsize=FONT)
    axis.set_yticks(centres[: len(rows)], ["cosine"] * len(images) + ["linear"], fontsize=FONT)
    axis.tick_params(length=0)
    axis.spines[:].set_visible(False)
    save_small(figure, "ladder.png")


def draw_unet():
    """The four levels of the lecture's UNet, way down and way up."""
    figure, axis = plt.subplots(figsize=(8, 3), layout="constrained")
    arrow = {"arrowstyle": "->", "color": INK}
    skip = {"arrowstyle": "->", "color": "#888888", "linestyle": "--"}
    for level, (channels, side) in enumerate([(64, 32), (128, 16), (128, 8), (256, 4)]):
        attends = level >= 2
        left, right = level * 1.05, 8.4 - level * 1.05
        for x, way in [(left, "Down"), (right, "Up")]:
            colour = ATTENTION if attends else PLAIN
            axis.add_patch(Rectangle((x, -level), 1.6, 0.7, facecolor=colour, edgecolor=INK))
            name = f"{'Attn' if attends else ''}{way}Block2D"
            text = f"{name}\n{side} x {side}, {channels} channels"
            axis.text(x + 0.8, 0.35 - level, text, ha="center", va="center", fontsize=7, color=INK)
        axis.annotate("", (right, 0.35 - level), (left + 1.6, 0.35 - level), arrowprops=skip)
        if level < 3:
            axis.annotate("", (left + 1.3, -level - 0.3), (left + 1.3, -level), arrowprops=arrow)
            axis.annotate("", (right + 0.3, -level), (right + 0.3, -level - 0.3), arrowprops=arrow)
    axis.set(xlim=(-0.1, 10.1), ylim=(-3.1, 0.8))
    axis.axis("off")
    save_small(figure, "unet.png", dpi=110)


def save_small(figure, name, **options):
    """Save a figure with few colours: noise is dear to store."""
    figure.savefig(PICTURES / name, **options)
    Image.open(PICTURES / name).convert("RGB").quantize(64).save(PICTURES / name, optimize=True)


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    draw_schedules()
    draw_ladder()
    draw_unet()
