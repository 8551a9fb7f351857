"""The shipped models load offline, are small, and do what their cards say."""

import json
import random

import pytest
import torch
from cards import FIGURES, card
from colors import measure
from datasets import load_dataset
from diffusers import DDIMScheduler, DDPMPipeline, DiffusionPipeline, StableDiffusionPipeline
from make_butterflies import caption, choose
from measure_models import PARTS, count_unseen
from training import to_tensor

from kata.distances import texture_distance
from kata.manifest import ROOT

MODELS = ROOT / "data" / "models"
DDPM, TEXT_TO_IMAGE = MODELS / "ddpm-butterflies-32px", MODELS / "butterflies-text-to-image"
LIMIT = 25e6  # bytes, of both together


@pytest.fixture(scope="module")
def text_to_image():
    pipeline = StableDiffusionPipeline.from_pretrained(TEXT_TO_IMAGE)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


@pytest.fixture(scope="module")
def known():
    return load_dataset(str(ROOT / "data" / "butterflies"), split="train").remove_columns("image")


def unseen_prompts(known, count):
    """Facts and captions with colours and ground that no training picture has together."""
    prompts = []
    for index, facts in enumerate(choose(20 * count, seed=91)):
        text = caption(facts, random.Random(index))
        if facts.mode != "L" and count_unseen(known, [(facts, text)]):
            prompts.append((facts, text))
    return prompts[:count]


def paint(pipeline, prompts, guidance_scale, steps=20):
    return pipeline(
        prompts,
        guidance_scale=guidance_scale,
        num_inference_steps=steps,
        generator=[torch.Generator().manual_seed(i) for i in range(len(prompts))],
    ).images


def test_they_are_small_enough_to_ship():
    files = [path for path in MODELS.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < LIMIT


def test_their_weights_are_safetensors_and_nothing_that_runs():
    suffixes = {path.suffix for path in MODELS.rglob("*") if path.is_file()}
    assert suffixes == {".json", ".safetensors", ".md", ".png", ".txt"}


@pytest.mark.parametrize("folder", [DDPM, TEXT_TO_IMAGE], ids=lambda folder: folder.name)
def test_they_load_as_float32_by_the_general_class(folder):
    pipeline = DiffusionPipeline.from_pretrained(folder)
    assert (
        type(pipeline).__name__
        == json.loads((folder / "model_index.json").read_text())["_class_name"]
    )
    dtypes = {p.dtype for part in pipeline.components.values() for p in _parameters(part)}
    assert dtypes == {torch.float32}


def _parameters(part):
    return part.parameters() if isinstance(part, torch.nn.Module) else []


def test_the_unconditional_model_paints_what_looks_like_butterflies():
    """Far nearer to butterflies in their texture than noise or the mean of all butterflies is."""
    pipeline = DDPMPipeline.from_pretrained(DDPM)
    pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    generator = torch.Generator().manual_seed(0)
    samples = to_tensor(pipeline(24, generator=generator, num_inference_steps=20).images, 32)
    images = load_dataset(str(ROOT / "data" / "butterflies"), split="train[:24]")["image"]
    real = to_tensor([image.convert("RGB") for image in images], 32)
    flat = real.mean(0, keepdim=True).expand_as(real)
    noise = torch.rand(real.shape, generator=generator) * 2 - 1
    apart = texture_distance(samples, real)
    assert apart < 0.6 * texture_distance(flat, real)
    assert apart < 0.2 * texture_distance(noise, real)


def test_the_colours_that_were_asked_for_are_painted(text_to_image, known):
    """The card says how often, measured on many more."""
    prompts = unseen_prompts(known, 12)
    images = paint(text_to_image, [text for _, text in prompts], 7.5)
    found = [measure(image) for image in images]
    right = sum(
        one[part] == getattr(facts, part)
        for (facts, _), one in zip(prompts, found, strict=True)
        for part in PARTS
    )
    assert right >= 0.8 * 12 * len(PARTS)


def test_guidance_and_negative_prompts_act(text_to_image):
    plain, guided = (paint(text_to_image, ["a red butterfly"], s, 5)[0] for s in (1.0, 7.5))
    assert plain != guided
    generator = torch.Generator().manual_seed(0)
    away = text_to_image(
        "a red butterfly", negative_prompt="spots", num_inference_steps=5, generator=generator
    ).images[0]
    assert away != guided


@pytest.mark.parametrize("name", FIGURES)
def test_the_card_says_what_was_measured(name):
    assert (MODELS / name / "README.md").read_text(encoding="utf-8") == card(name)
