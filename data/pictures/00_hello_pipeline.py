"""Make the pictures of exercises/00_hello_pipeline: eight butterflies, and guidance.

python data/pictures/00_hello_pipeline.py
"""

import runpy
from pathlib import Path

import matplotlib.pyplot as plt
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "data" / "models"
PICTURES = ROOT / "exercises" / "00_hello_pipeline" / "pictures"
PROMPTS = (
    "a red butterfly with blue hindwings\non a pale ground",
    "a yellow swallowtail butterfly\nwith black spots on a dusk ground",
    "a butterfly with green forewings and\norange hindwings on a rose ground",
)
GUIDANCE, SEEDS, STEPS = (1.0, 7.5), (0, 1, 2, 3), 50


def solution(name):
    """The functions of a reference solution, by name."""
    return runpy.run_path(str(ROOT / "solutions" / "00_hello_pipeline" / f"{name}.py"))


def draw_butterflies():
    """What one call of the unconditional pipeline gives, three times enlarged."""
    kata = solution("unconditional")
    pipeline = kata["load_pipeline"](str(MODELS / "ddpm-butterflies-32px"))
    images = kata["generate"](pipeline, batch_size=8, num_inference_steps=100, seed=0)
    path = PICTURES / "butterflies.png"
    large = [image.resize((96, 96), Image.Resampling.NEAREST) for image in images]
    kata["save_pictures"](large, str(path), columns=4)


def draw_guidance():
    """Three prompts: four seeds without guidance, and the same with it."""
    kata = solution("text_to_image")
    pipeline = kata["load_text_to_image"](str(MODELS / "butterflies-text-to-image"))
    pipeline.set_progress_bar_config(disable=True)
    figure, axes = plt.subplots(len(PROMPTS), 1, figsize=(9.6, 2.6), layout="constrained")
    for axis, prompt in zip(axes, PROMPTS, strict=True):
        row = Image.new("RGB", (64 * 8 + 16, 64), "white")
        for place, scale in enumerate(GUIDANCE):
            for number, seed in enumerate(SEEDS):
                words = prompt.replace("\n", " ")
                image = kata["paint"](pipeline, words, STEPS, guidance_scale=scale, seed=seed)
                row.paste(image, (64 * (4 * place + number) + 16 * place, 0))
        axis.imshow(row.resize((row.width * 2, row.height * 2), Image.Resampling.NEAREST))
        axis.set_ylabel(prompt, rotation=0, ha="right", va="center", fontsize=8)
        axis.set(xticks=[], yticks=[])
        axis.spines[:].set_visible(False)
    axes[0].set_title("guidance_scale 1" + " " * 50 + "guidance_scale 7.5", fontsize=9)
    figure.savefig(PICTURES / "guidance.png", dpi=80)


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    draw_butterflies()
    draw_guidance()
