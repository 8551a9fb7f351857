"""What each scheduler costs for how good a picture: steps against distance, as table and plot.

    uv run python benchmarks/schedulers.py --count 128 --plot steps.png

The shipped DDPM paints `count` butterflies with each scheduler and number of steps, always from
the same noise. The distance is the sliced Wasserstein distance to held-out butterflies, on pixels
and on texture, as a ratio to that between two sets of held-out butterflies: 1 is as good as real.
Seconds are those of one picture, in batches of 32, beside the others of the same run.
"""

import sys
import time
from pathlib import Path
from typing import Annotated

import torch
import typer
from diffusers import DDPMPipeline
from matplotlib.figure import Figure
from rich.console import Console
from rich.progress import track
from rich.table import Table

from kata.distances import pixel_distance, texture_distance
from kata.learner import Functions
from kata.manifest import ROOT, load_manifest

sys.path.insert(0, str(ROOT / "data"))
from measure_models import held_out
from training import to_tensor

SCHEDULERS = {"ddpm": (5, 10, 20, 50, 100)}
SCHEDULERS |= dict.fromkeys(("ddim", "euler", "dpm-solver++"), (5, 10, 20, 50))
BATCH, SEED = 32, 5077


def paint(pipeline: DDPMPipeline, count: int, steps: int) -> tuple[list, float]:
    """Return `count` pictures and the seconds of one."""
    images, started = [], time.monotonic()
    for start in range(0, count, BATCH):
        size = min(BATCH, count - start)
        generators = [torch.Generator().manual_seed(start + i) for i in range(size)]
        images += sample(pipeline, generators, steps)
    return images, (time.monotonic() - started) / count


def sample(pipeline: DDPMPipeline, generators: list, steps: int) -> list:
    """As the library's pipeline does, with the scaling that DDPMPipeline leaves out."""
    unet, scheduler = pipeline.unet, pipeline.scheduler
    side = unet.config.sample_size
    noise = torch.stack([torch.randn(3, side, side, generator=g) for g in generators])
    scheduler.set_timesteps(steps)
    pictures = noise * scheduler.init_noise_sigma
    for t in scheduler.timesteps:
        with torch.no_grad():
            prediction = unet(scheduler.scale_model_input(pictures, t), t).sample
        pictures = scheduler.step(prediction, t, pictures, generator=generators).prev_sample
    return pipeline.numpy_to_pil((pictures / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1).numpy())


def measure(count: int) -> list[tuple[str, int, float, float, float]]:
    """Return rows: scheduler, steps, ratio on pixels, ratio on texture, seconds a picture."""
    with_scheduler = Functions(load_manifest(), "solutions")("fast_sampling", "with_scheduler")
    shipped = DDPMPipeline.from_pretrained(ROOT / "data" / "models" / "ddpm-butterflies-32px")
    real = to_tensor([image for _, _, image in held_out(2 * count, SEED, False)], 32)
    half, other = real.chunk(2)
    measures = (pixel_distance, texture_distance)
    floors = [distance(half, other) for distance in measures]
    rows = []
    runs = [(name, steps) for name, counts in SCHEDULERS.items() for steps in counts]
    for name, steps in track(runs, "sampling", console=Console(stderr=True)):
        images, seconds = paint(with_scheduler(shipped, name), count, steps)
        samples = to_tensor(images, 32)
        ratios = [d(samples, half) / f for d, f in zip(measures, floors, strict=True)]
        rows.append((name, steps, *ratios, seconds))
    return rows


def plot(rows: list, path: Path) -> None:
    figure = Figure(figsize=(8, 3.5), layout="constrained")
    for axes, column, title in zip(
        figure.subplots(1, 2), (2, 3), ("pixels", "texture"), strict=True
    ):
        for name in SCHEDULERS:
            points = [(row[1], row[column]) for row in rows if row[0] == name]
            axes.plot(*zip(*points, strict=True), marker="o", label=name)
        axes.axhline(1, color="gray", linestyle=":", label="real butterflies")
        axes.set(xlabel="steps", title=f"distance on {title}, real = 1", xscale="log", yscale="log")
        axes.grid(alpha=0.3, which="both")
    axes.legend()
    figure.savefig(path, dpi=110)


def main(count: int = 128, path: Annotated[Path | None, typer.Option("--plot")] = None) -> None:
    rows = measure(count)
    table = Table("scheduler", "steps", "pixels", "texture", "seconds a picture")
    for name, steps, pixels, texture, seconds in rows:
        table.add_row(name, str(steps), f"{pixels:.2f}", f"{texture:.2f}", f"{seconds:.3f}")
    Console().print(table)
    if path:
        plot(rows, path)


if __name__ == "__main__":
    typer.run(main)
