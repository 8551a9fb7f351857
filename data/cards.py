"""Write the cards of the models in data/models from their figures.

    python data/cards.py     after data/measure_models.py, which calls it

`training.json` and `measurements.json` beside each model hold the figures, `cards/` the texts.
"""

from __future__ import annotations

import json
import string
from pathlib import Path

import safetensors
from training import DATA

MODELS = DATA / "models"


def write_card(name: str) -> None:
    """Write the README.md of the model called `name`."""
    (MODELS / name / "README.md").write_text(card(name), encoding="utf-8")


def card(name: str) -> str:
    """Return the card with its figures. Raises KeyError for one that is missing."""
    folder = MODELS / name
    training, measured = (
        json.loads((folder / f"{file}.json").read_text()) for file in ("training", "measurements")
    )
    figures = FIGURES[name](folder, training, measured) | {"megabytes": f"{size_of(folder):.1f}"}
    text = (DATA / "cards" / f"{name}.md").read_text(encoding="utf-8")
    return string.Template(text).substitute(figures)


def ddpm_figures(folder: Path, training: dict, measured: dict) -> dict:
    return {
        **training,
        "where": place(training),
        "parameters": millions(folder / "unet"),
        "count": measured["count"],
        "ddpm_steps": measured["steps"],
        **distance_figures(measured),
    }


def text_to_image_figures(folder: Path, training: dict, measured: dict) -> dict:
    vae, unet = training["autoencoder"], training["diffusion"]
    real = measured["measured on real pictures"]
    return {
        **{f"vae_{key}": value for key, value in vae.items()},
        **{f"unet_{key}": value for key, value in unet.items()},
        **{part: millions(folder / part) for part in ("text_encoder", "vae", "unet")},
        "where": place(unet),
        "lr": unet["lr"],
        "ema_decay": unet["ema_decay"],
        "seeds": f"{vae['seed']} and {unet['seed']}",
        "prompts": measured["prompts"],
        "steps": measured["steps"],
        "combinations": measured["unseen combinations"],
        "real_fore": percent(real["forewing_color"]),
        "real_hind": percent(real["hindwing_color"]),
        "real_ground": percent(real["ground"]),
        "guidance_rows": guidance_rows(measured),
        "negative_rows": "\n".join(
            f"| {color} | {percent(shares['without'])} | {percent(shares['with'])} |"
            for color, shares in measured["negative"].items()
        ),
        "nonsense_pixels": f"{measured['nonsense']['pixels']['ratio']:.2f}",
        "nonsense_texture": f"{measured['nonsense']['texture']['ratio']:.2f}",
        **distance_figures(measured["distances"]["7.5"]),
    }


def guidance_rows(measured: dict) -> str:
    rows = []
    for scale, right in measured["colours"].items():
        shares = " | ".join(percent(share) for share in right.values())
        ratios = [measured["distances"][scale][name]["ratio"] for name in ("pixels", "texture")]
        rows.append(f"| {scale} | {shares} | {ratios[0]:.2f} | {ratios[1]:.2f} |")
    return "\n".join(rows)


def distance_figures(distances: dict) -> dict:
    figures = {}
    for name in ("pixels", "texture"):
        for key, value in distances[name].items():
            figures[f"{name}_{key}"] = f"{value:.3g}"
    for whose in ("real", "samples"):
        for key, value in distances[f"nearest of {whose}"].items():
            figures[f"near_{whose}_{key}"] = f"{value:.3f}"
    return figures


def place(training: dict) -> str:
    threads = training["threads"]
    if training["device"] != "CPU":
        return training["device"]
    return f"{threads} busy CPU core{'s' if threads > 1 else ''}"


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def millions(folder: Path) -> str:
    """The parameters of a part, in millions."""
    (path,) = folder.glob("*.safetensors")
    with safetensors.safe_open(path, "pt") as weights:
        count = sum(weights.get_tensor(key).numel() for key in weights.keys())  # noqa: SIM118
    return f"{count / 1e6:.2f}"


def size_of(folder: Path) -> float:
    """The megabytes of all files but the card itself."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "README.md")
    return sum(path.stat().st_size for path in files) / 1e6


FIGURES = {
    "ddpm-butterflies-32px": ddpm_figures,
    "butterflies-text-to-image": text_to_image_figures,
}


if __name__ == "__main__":
    for model in FIGURES:
        write_card(model)
