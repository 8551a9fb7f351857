"""Measure the models in data/models, and write their cards and sample sheets.

    python data/measure_models.py                  both models, about ten minutes on two cores
    python data/measure_models.py --only ddpm      or text-to-image

Beside each model's card lies `measurements.json` with every figure that the card names. Held-out
butterflies are drawn anew by the program that drew the data set, from another seed.
"""

from __future__ import annotations

import argparse
import json
import random
import string
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import torch
from butterfly import Butterfly, draw
from cards import write_card
from colors import marking_of, measure
from datasets import load_dataset
from diffusers import DDPMPipeline, StableDiffusionPipeline
from make_butterflies import caption, choose
from PIL import Image
from rich.console import Console
from rich.progress import track
from sheets import save_sheet
from torchvision import transforms
from training import DATA, butterflies, device, to_tensor

from kata.distances import nearest, pixel_distance, texture_distance

MODELS = DATA / "models"
HELD_OUT_SEED, COUNT = 4052, 256
DDPM_STEPS, STEPS, BATCH = 100, 50, 64
GUIDANCE = (1.0, 3.0, 7.5)
PARTS = ("forewing_color", "hindwing_color", "ground")


def held_out(count: int, seed: int, colored_only: bool) -> list[tuple[Butterfly, str, Image.Image]]:
    """Return facts, captions and pictures that the training never saw."""
    found = []
    for index, facts in enumerate(choose(2 * count, seed)):
        if not (colored_only and facts.mode == "L"):
            rng = random.Random(f"held out {index} of {seed}")
            found.append((facts, caption(facts, rng), draw(facts, rng).convert("RGB")))
    return found[:count]


def in_batches(paint: Callable[[int, int], list[Image.Image]], count: int, what: str) -> list:
    """Return `count` pictures; `paint` is given where a batch begins and how many it has."""
    starts = range(0, count, BATCH)
    screen = Console(stderr=True)
    batches = track(starts, what, console=screen, disable=not screen.is_terminal)
    return [image for start in batches for image in paint(start, min(BATCH, count - start))]


def distances(samples: torch.Tensor, real: torch.Tensor, train: torch.Tensor) -> dict:
    """Compare samples with half of the real pictures, and that half with the other one.

    samples  (N, 3, H, W)
    real     (2N, 3, H, W) held-out pictures
    train    (M, 3, H, W) what the model was trained on, for the nearest neighbours
    """
    half, other = real.chunk(2)
    found = {}
    for name, distance in (("pixels", pixel_distance), ("texture", texture_distance)):
        floor, apart = distance(half, other), distance(samples, half)
        found[name] = {"real": floor, "samples": apart, "ratio": apart / floor}
    for name, pictures in (("real", half), ("samples", samples)):
        least, _ = nearest(pictures, train)
        found[f"nearest of {name}"] = {"median": least.median().item(), "least": least.min().item()}
    return found


# The unconditional model


def measure_ddpm() -> dict:
    folder = MODELS / "ddpm-butterflies-32px"
    pipeline = DDPMPipeline.from_pretrained(folder).to(device())
    pipeline.set_progress_bar_config(disable=True)

    def paint(start: int, count: int) -> list[Image.Image]:
        generators = [torch.Generator().manual_seed(start + i) for i in range(count)]
        return pipeline(count, generator=generators, num_inference_steps=DDPM_STEPS).images

    images = in_batches(paint, COUNT, "unconditional")
    save_sheet(images[:64], 8, folder / "sheet.png")
    train, _ = butterflies(32)
    samples = to_tensor(images, 32)
    real = to_tensor([image for _, _, image in held_out(2 * COUNT, HELD_OUT_SEED, False)], 32)
    save_neighbours(images, samples, train, folder / "neighbours.png")
    return {"count": COUNT, "steps": DDPM_STEPS, **distances(samples, real, train)}


def save_neighbours(images: list, samples: torch.Tensor, train: torch.Tensor, path: Path) -> None:
    """The eight samples nearest to a picture of the training, and below each that picture."""
    least, which = nearest(samples, train)
    chosen = least.argsort()[:8].tolist()
    found = [transforms.functional.to_pil_image(train[which[i]] / 2 + 0.5) for i in chosen]
    save_sheet([images[i] for i in chosen] + found, 8, path)


# Text to image


def measure_text_to_image() -> dict:
    folder = MODELS / "butterflies-text-to-image"
    pipeline = StableDiffusionPipeline.from_pretrained(folder).to(device())
    pipeline.set_progress_bar_config(disable=True)
    known = load_dataset(str(DATA / "butterflies"), split="train")
    real = held_out(2 * COUNT, HELD_OUT_SEED, True)
    seen = set(known["caption"])
    unseen = [(facts, text) for facts, text, _ in real if text not in seen][:COUNT]
    painted = {
        scale: paint_all(pipeline, [text for _, text in unseen], scale) for scale in GUIDANCE
    }
    train, _ = butterflies(64, colored_only=True)
    pictures = to_tensor([image for _, _, image in real], 64)
    samples = {scale: to_tensor(images, 64) for scale, images in painted.items()}
    save_sheet(painted[7.5][:64], 8, folder / "sheet.png", scale=1)
    save_neighbours(painted[7.5], samples[7.5], train, folder / "neighbours.png")
    save_guidance(pipeline, folder / "guidance.png")
    return {
        "prompts": len(unseen),
        "steps": STEPS,
        "unseen combinations": count_unseen(known, unseen),
        "measured on real pictures": share_right([f for f, _, _ in real], [i for _, _, i in real]),
        "colours": {s: share_right([f for f, _ in unseen], painted[s]) for s in GUIDANCE},
        "distances": {s: distances(samples[s], pictures, train) for s in GUIDANCE},
        "negative": negative(pipeline),
        "nonsense": nonsense(pipeline, pictures, train, folder / "nonsense.png"),
    }


def paint_all(
    pipeline: StableDiffusionPipeline, prompts: list[str], scale: float, negative: str = ""
) -> list[Image.Image]:
    """One picture for each prompt; picture i has seed i, whatever its prompt."""

    def paint(start: int, count: int) -> list[Image.Image]:
        return pipeline(
            prompts[start : start + count],
            negative_prompt=[negative] * count,
            guidance_scale=scale,
            num_inference_steps=STEPS,
            generator=[torch.Generator().manual_seed(start + i) for i in range(count)],
        ).images

    return in_batches(paint, len(prompts), f"guidance {scale:g}")


def share_right(facts: list[Butterfly], images: list[Image.Image]) -> dict:
    """How many of the colours that were asked for are those that the pixels show."""
    found = [measure(image, marking_of(f)) for f, image in zip(facts, images, strict=True)]
    right = {
        part: sum(one[part] == getattr(fact, part) for fact, one in zip(facts, found, strict=True))
        for part in PARTS
    }
    return {part: count / len(images) for part, count in right.items()}


def count_unseen(known, prompts: list[tuple[Butterfly, str]]) -> int:
    """How many prompts have colours and ground that no training picture has together."""
    seen = set(zip(*(known[part] for part in PARTS), strict=True))
    return sum(tuple(getattr(facts, part) for part in PARTS) not in seen for facts, _ in prompts)


def negative(pipeline: StableDiffusionPipeline, count: int = 128) -> dict:
    """How often forewings have the two commonest colours, and how often with that one unwanted."""
    prompts = ["a butterfly on a pale ground"] * count
    plain = forewings(paint_all(pipeline, prompts, 7.5))
    shares = {}
    for color, often in plain.most_common(2):
        unwanted = forewings(paint_all(pipeline, prompts, 7.5, f"{color} butterfly"))
        shares[color] = {"without": often / count, "with": unwanted[color] / count}
    return shares


def forewings(images: list[Image.Image]) -> Counter:
    return Counter(measure(image)["forewing_color"] for image in images)


def nonsense(pipeline, real: torch.Tensor, train: torch.Tensor, path: Path) -> dict:
    """What prompts without sense give, against held-out butterflies."""
    rng = random.Random(HELD_OUT_SEED)
    prompts = [
        " ".join("".join(rng.choices(string.ascii_lowercase, k=6)) for _ in range(3))
        for _ in range(COUNT)
    ]
    images = paint_all(pipeline, prompts, 7.5)
    save_sheet(images[:16], 8, path, scale=1)
    return distances(to_tensor(images, 64), real, train)


def save_guidance(pipeline: StableDiffusionPipeline, path: Path) -> None:
    """One prompt a row; four seeds at guidance 1, then the same at 7.5."""
    prompts = [
        "a red butterfly with blue hindwings on a pale ground",
        "a yellow swallowtail butterfly with black spots on a dusk ground",
        "a butterfly with green forewings, orange hindwings and white bands on a sky ground",
        "a pink butterfly with eyespots on a meadow ground",
    ]
    rows = [paint_all(pipeline, [p] * 4, scale) for p in prompts for scale in (1.0, 7.5)]
    save_sheet([image for row in rows for image in row], 8, path, scale=1)


def rounded(value):
    """The same with three significant digits."""
    if isinstance(value, dict):
        return {str(key): rounded(item) for key, item in value.items()}
    return float(f"{value:.3g}") if isinstance(value, float) else value


MEASURES = {
    "ddpm-butterflies-32px": ("ddpm", measure_ddpm),
    "butterflies-text-to-image": ("text-to-image", measure_text_to_image),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=[name for name, _ in MEASURES.values()])
    only = parser.parse_args().only
    for folder, (name, run) in MEASURES.items():
        if only in (None, name):
            text = json.dumps(rounded(run()), indent=2)
            (MODELS / folder / "measurements.json").write_text(text + "\n")
            print(text)
            write_card(folder)


if __name__ == "__main__":
    main()
