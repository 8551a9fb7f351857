"""A pipeline's folder: what lies in it, each part by itself, and other parts in their place."""

import contextlib
import functools
import inspect
import json
import re
import shutil

import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
)

from kata import expect, pipelines, tiny_pipelines
from kata.describe import describe
from kata.verdict import Wrong

PARTS = {
    "unconditional": ["scheduler", "unet"],
    "text_to_image": ["scheduler", "text_encoder", "tokenizer", "unet", "vae"],
}
SHIPPED = [tiny_pipelines.BUTTERFLIES, tiny_pipelines.TEXT_TO_IMAGE]
KINDS = pytest.mark.parametrize("kind", PARTS)
FOLDERS = pytest.mark.parametrize("model_dir", SHIPPED, ids=["unconditional", "text_to_image"])


def settings_of(seed):
    """The settings of a schedule that nobody takes by default."""
    rng = torch.Generator().manual_seed(seed)
    first, last = (torch.rand(2, generator=rng) * torch.tensor([0.001, 0.01])).tolist()
    return {
        "num_train_timesteps": int(torch.randint(200, 900, (1,), generator=rng)),
        "beta_start": round(0.0005 + first, 6),
        "beta_end": round(0.022 + last, 6),
        "beta_schedule": "scaled_linear",
        "prediction_type": "v_prediction",
        "steps_offset": 1,
    }


def build(kind, seed):
    """A tiny pipeline of a kind."""
    if kind == "text_to_image":
        pipeline = tiny_pipelines.text_to_image(seed)
        pipeline.scheduler = DDIMScheduler(**settings_of(seed), clip_sample=False)
        return pipeline
    unet = tiny_pipelines.plain_unet(seed)
    return tiny_pipelines.unconditional(unet, DDPMScheduler(**settings_of(seed)))


@functools.cache
def stored(kind, seed):
    """Such a pipeline, which no learner gets, and the files to which it was saved.

    A VAE is saved in half precision, as the shipped one is; it comes back in float32.
    """
    pipeline = build(kind, seed)
    if kind == "unconditional":
        return pipeline, tiny_pipelines.files_of(pipeline)
    pipeline.vae.half()
    files = tiny_pipelines.files_of(pipeline)
    pipeline.vae.float()
    return pipeline, files


@pytest.fixture
def saved(seed, tmp_path):
    """A function that saves a tiny pipeline of a kind; it returns the pipeline and its folder."""

    def save(kind):
        pipeline, files = stored(kind, seed)
        tiny_pipelines.write(files, tmp_path / kind)
        return pipeline, tmp_path / kind

    return save


# What there is


@contextlib.contextmanager
def settings_told():
    """Say what is missing where a setting is taken for a part."""
    try:
        yield
    except TypeError as error:
        if not re.search(r"\b(bool|int|float)\b", str(error)):
            raise
        raise Wrong(
            f"TypeError: {error}",
            "only entries whose value is a list are taken for parts",
            "There are settings in the file, too: true, false or a number is no list.",
        ) from error


def check_components(result, index):
    """The parts that this model_index.json names are there, and nothing else."""
    expected = "a dict with a pair for the name of each part"
    hint = expect.type_hint(result)
    expect.that(type(result) is dict, f"the result is {describe(result)}", expected, hint)
    right = {name: value for name, value in index.items() if is_part(name, value)}
    for name in result:
        seen = f"a part {describe(name)}: {describe(result[name])}"
        expect.that(name in right, seen, "only parts", _no_part_hint(name, index))
    for name, (library, class_name) in right.items():
        expected = f"the part {name!r} with the pair ({library!r}, {class_name!r})"
        expect.that(name in result, f"no part {name!r}", expected)
        value = result[name]
        pair = list(value) if isinstance(value, (list, tuple)) else value
        expect.that(pair == [library, class_name], f"{name!r}: {describe(value)}", expected)


def is_part(name, value):
    listed = isinstance(value, list) and all(isinstance(one, str) for one in value)
    return listed and not name.startswith("_")


def _no_part_hint(name, index):
    if name not in index:
        return "model_index.json has no entry of that name."
    if name.startswith("_"):
        return 'What begins with "_" is a note about the pipeline, no part of it.'
    if isinstance(index[name], list):
        return "[null, null] is a part that was left out; Python reads null as None."
    return "This is a setting of the pipeline: only a list of two names is a part."


@pytest.mark.points(2)
@FOLDERS
def test_the_parts_of_the_shipped_pipelines(exercise, model_dir):
    """Each part has its name, its library and its class."""
    with settings_told():
        result = exercise.components(model_dir)
    with open(f"{model_dir}/model_index.json", encoding="utf-8") as file:
        check_components(result, json.load(file))


@pytest.mark.points(2)
def test_only_the_parts_are_kept(exercise, rng, tmp_path):
    """Notes, settings and what was left out are no parts, whatever they are called."""
    entries = [
        ("_class_name", "TwoStagePipeline"),
        ("_name_or_path", "somebody/two-stages"),
        ("_replaced", ["diffusers", "UNet2DModel"]),
        ("prior", ["diffusers", "PriorTransformer"]),
        ("decoder_2", ["diffusers", "UNet2DConditionModel"]),
        ("tokenizer", ["transformers", "T5Tokenizer"]),
        ("image_encoder", [None, None]),
        ("requires_safety_checker", True),
        ("force_zeros", False),
        ("latent_dim_scale", 10.67),
        ("resolution", 64),
        ("mode", "qr"),
        ("labels", {"0": "spots", "1": "bands"}),
    ]
    order = torch.randperm(len(entries), generator=rng).tolist()
    index = dict(entries[number] for number in order)
    (tmp_path / "model_index.json").write_text(json.dumps(index), encoding="utf-8")
    with settings_told():
        result = exercise.components(str(tmp_path))
    check_components(result, index)


# One part by itself


@contextlib.contextmanager
def wrong_library_told():
    """Say what is missing where a class is looked for in the wrong library."""
    try:
        yield
    except AttributeError as error:
        if not re.search("module '?(diffusers|transformers)", str(error)):
            raise
        raise Wrong(
            f"AttributeError: {error}",
            "the class, looked up in the library that model_index.json names for it",
            "Not every part is from Diffusers: `importlib.import_module(library)` imports any.",
        ) from error


def check_component(part, pipeline, name):
    is_class = isinstance(part, type) or getattr(part, "type_name", "") == "type"
    hint = "This is the class itself: its `from_pretrained` loads one." if is_class else ""
    pipelines.same_part(
        part,
        getattr(pipeline, name),
        f"the part {name!r}",
        hint or expect.type_hint(part),
        of_weights=pipelines.FROM_CONFIG,
    )


@pytest.mark.points(2)
@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, names in PARTS.items() for name in names]
)
def test_a_part_alone_is_the_part_in_the_pipeline(exercise, saved, kind, name):
    """Class, settings, weights and words are those that the whole pipeline has."""
    pipeline, folder = saved(kind)
    with wrong_library_told():
        part = exercise.load_component(str(folder), name)
    check_component(part, pipeline, name)


def test_the_other_parts_are_left_alone(exercise, saved):
    """To load one part, nothing of the others need be there."""
    pipeline, folder = saved("text_to_image")
    for name in set(PARTS["text_to_image"]) - {"vae"}:
        shutil.rmtree(folder / name)
    try:
        part = exercise.load_component(str(folder), "vae")
    except (OSError, ValueError) as error:
        raise Wrong(
            f"with only the part 'vae' in the folder, {type(error).__name__}: "
            f"{expect.first_line(error)}",
            "the part alone: nothing else is read",
            "`from_pretrained` of the part's own class, with `subfolder`, reads that folder alone.",
        ) from error
    check_component(part, pipeline, "vae")


@pytest.mark.points(2)
@pytest.mark.parametrize(
    "name", ["noise_scheduler", "safety_checker", "requires_safety_checker", "_class_name"]
)
def test_what_is_no_part_is_a_value_error(exercise, name):
    """The error says which parts there are, to whoever asks for another."""
    scheduler = exercise.load_component(tiny_pipelines.TEXT_TO_IMAGE, "scheduler")
    expect.instance(scheduler, "DDIMScheduler")
    expected = f"a ValueError, since there is no part {name!r}"
    try:
        result = exercise.load_component(tiny_pipelines.TEXT_TO_IMAGE, name)
    except ValueError as error:
        words = re.findall(r"\w+", str(error))
        missing = [part for part in PARTS["text_to_image"] if part not in words]
        expect.that(
            not missing,
            f"the message {describe(str(error))}, without {describe(missing)}",
            "a ValueError whose message has the names of all parts",
        )
        return
    except (LookupError, TypeError, AttributeError, OSError, ImportError) as error:
        raise Wrong(f"{type(error).__name__}: {expect.first_line(error)}", expected) from error
    raise Wrong(f"the result is {describe(result)}", expected)


# Another scheduler


SWAPS = pytest.mark.parametrize(
    ("kind", "scheduler_class"),
    [
        ("unconditional", DDIMScheduler),
        ("unconditional", DPMSolverMultistepScheduler),
        ("text_to_image", EulerDiscreteScheduler),
    ],
    ids=["DDIM", "DPMSolverMultistep", "EulerDiscrete"],
)


def swapped(exercise, pipeline, scheduler_class):
    """Call the learner's function and look at what came back: the pipeline, with a new part."""
    pipeline_class, old_class = type(pipeline), type(pipeline.scheduler)
    result = exercise.swap_scheduler(pipeline, scheduler_class)
    hint = "Return the pipeline, not the scheduler." if type(result) is scheduler_class else ""
    expect.instance(result, pipeline_class.__name__, hint)
    hint = ""
    if result.scheduler is scheduler_class:
        hint = "This is the class; its `from_config` makes a scheduler."
    elif type(result.scheduler) is old_class:
        hint = "This is the one that the pipeline had; `pipeline.scheduler = ...` puts another."
    expect.that(
        type(result.scheduler) is scheduler_class,
        f"the part `scheduler` is {describe(result.scheduler)}",
        f"a {scheduler_class.__name__}",
        hint,
    )
    return result


@pytest.mark.points(3)
@SWAPS
def test_the_noise_schedule_survives_the_swap(exercise, seed, kind, scheduler_class):
    """The new scheduler has all settings that the old one was given: betas, prediction_type."""
    pipeline = build(kind, seed)
    old = pipeline.scheduler
    new = swapped(exercise, pipeline, scheduler_class).scheduler
    known = inspect.signature(scheduler_class.__init__).parameters
    for key in given_settings(old).keys() & known.keys():
        value = new.config[key]
        expect.that(
            value == old.config[key],
            f"a {describe(new)} with {key}={value!r}",
            f"{key}={old.config[key]!r}, as the scheduler before it",
            "The library takes this when it is told nothing: was the configuration passed on?"
            if value == known[key].default
            else "",
        )
    for name in ("betas", "alphas_cumprod"):
        expect.close(getattr(new, name), getattr(old, name), 1e-6, f"`{name}`")  # float32


def given_settings(scheduler):
    """The settings that a scheduler was given, without those that it took by default."""
    defaults = scheduler.config.get("_use_default_values", [])
    return {
        key: value
        for key, value in scheduler.config.items()
        if key not in defaults and not key.startswith("_")
    }


@SWAPS
def test_the_other_parts_stay(exercise, seed, kind, scheduler_class):
    """Nothing but the scheduler is exchanged."""
    pipeline, before = build(kind, seed), build(kind, seed)
    result = swapped(exercise, pipeline, scheduler_class)
    for name in set(PARTS[kind]) - {"scheduler"}:
        pipelines.same_part(getattr(result, name), getattr(before, name), f"the part {name!r}")


def test_the_pipeline_itself_has_the_new_scheduler(exercise, seed):
    """Whoever holds the pipeline needs not look at what is returned."""
    pipeline = build("unconditional", seed)
    swapped(exercise, pipeline, DDIMScheduler)
    expect.that(
        isinstance(pipeline.scheduler, DDIMScheduler),
        f"the pipeline that was given still has a {describe(pipeline.scheduler)}",
        "the new scheduler in the pipeline that was given",
        "What was returned is another pipeline than the one that was given.",
    )


# Given parts in the place of one's own


def replacements(kind, seed):
    """A UNet and a scheduler that are not those of the folder, and that somebody has used."""
    settings = settings_of(seed)
    settings["beta_end"] /= 2
    scheduler = DPMSolverMultistepScheduler(**settings)
    scheduler.set_timesteps(7)
    if kind == "unconditional":
        unet = tiny_pipelines.plain_unet(seed + 1).train()
    else:
        unet = tiny_pipelines.conditional_unet(seed + 1)
    unet.conv_in.requires_grad_(False)
    return unet, scheduler


@pytest.mark.points(3)
@KINDS
def test_the_given_parts_take_their_places(exercise, saved, seed, kind):
    """The pipeline has the UNet and the scheduler that were given, not those of the folder."""
    pipeline, folder = saved(kind)
    unet, scheduler = replacements(kind, seed)
    result = exercise.assemble(str(folder), unet, scheduler)
    expect.instance(result, type(pipeline).__name__)
    for name, part in [("scheduler", scheduler), ("unet", unet)]:
        pipelines.same_part(
            getattr(result, name), part, f"the part `{name}`", _own_hint(result, pipeline, name)
        )


@pytest.mark.points(2)
@KINDS
def test_the_given_parts_are_used_as_they_are(exercise, saved, seed, kind):
    """The scheduler is the given one, not one like it; the UNet keeps mode and `requires_grad`."""
    pipeline, folder = saved(kind)
    unet, scheduler = replacements(kind, seed)
    timesteps, training = scheduler.timesteps.clone(), unet.training
    trained = trained_weights(unet)
    result = exercise.assemble(str(folder), unet, scheduler)
    expect.instance(result, type(pipeline).__name__)
    given = result.scheduler.timesteps
    expect.that(
        torch.equal(torch.as_tensor(given), timesteps),
        f"a scheduler with {len(given)} timesteps",
        f"the scheduler that was given, on which `set_timesteps({len(timesteps)})` was called",
        "This is a new scheduler, made from the configuration of the other."
        if result.scheduler.num_inference_steps is None
        else "",
    )
    modes = {True: "training mode", False: "evaluation mode"}
    expect.that(
        result.unet.training == training,
        f"the UNet is in {modes[result.unet.training]}",
        f"the UNet in {modes[training]}, as it was given",
    )
    expect.that(
        trained_weights(result.unet) == trained,
        f"`requires_grad` is True for {len(trained_weights(result.unet))} weights of the UNet",
        f"True for the same {len(trained)} weights as when it was given",
    )


def trained_weights(unet):
    return {name for name, weights in unet.named_parameters() if weights.requires_grad}


def _own_hint(result, pipeline, name):
    """What it means when the part is the folder's own."""
    try:
        pipelines.same_part(getattr(result, name), getattr(pipeline, name), name)
    except Wrong:
        return ""
    return (
        f"This is the folder's own. A part is replaced by its name, `{name}=`; the library ignores "
        "any other keyword, with only a warning."
    )


def test_the_rest_is_the_folders(exercise, saved, seed):
    """Tokenizer, text encoder and VAE are those that lie in the folder."""
    pipeline, folder = saved("text_to_image")
    result = exercise.assemble(str(folder), *replacements("text_to_image", seed))
    expect.instance(result, "StableDiffusionPipeline")
    for name in ("tokenizer", "text_encoder", "vae"):
        pipelines.same_part(getattr(result, name), getattr(pipeline, name), f"the part `{name}`")
