"""A pipeline, its folder, and the way there and back: nothing gets lost."""

import contextlib
import copy
import re
from pathlib import Path

import pytest
import safetensors.torch
import torch
from diffusers import DDIMScheduler, DDPMPipeline, DDPMScheduler, UNet2DModel

from kata import expect
from kata.describe import describe
from kata.manifest import ROOT
from kata.verdict import Wrong

BUTTERFLIES = ROOT / "data" / "models" / "ddpm-butterflies-32px"
WEIGHTS = "unet/diffusion_pytorch_model.safetensors"
FILES = ["model_index.json", "scheduler/scheduler_config.json", "unet/config.json", WEIGHTS]
PICKLES = {".bin", ".ckpt", ".pickle", ".pkl", ".pt", ".pth"}
SCHEDULERS = pytest.mark.parametrize("kind", [DDPMScheduler, DDIMScheduler], ids=["ddpm", "ddim"])
PART_NAMES = "A `DDPMPipeline` calls its parts `unet` and `scheduler`."


def make_model(rng, **config):
    """A UNet of a few thousand random weights."""
    options = {
        "sample_size": 8,
        "block_out_channels": (8,),
        "down_block_types": ("DownBlock2D",),
        "up_block_types": ("UpBlock2D",),
        "layers_per_block": 1,
        "norm_num_groups": 4,
        **config,
    }
    model = UNet2DModel(**options)
    for parameter in model.parameters():
        parameter.data.normal_(std=0.1, generator=rng)
    return model


def make_scheduler(kind, rng):
    """A scheduler with hardly a setting that the library would take by itself."""
    return kind(
        num_train_timesteps=500 + int(torch.randint(400, (1,), generator=rng)),
        beta_schedule="scaled_linear",
        beta_end=0.01 + 0.01 * torch.rand(1, generator=rng).item(),
        prediction_type="v_prediction",
        timestep_spacing="trailing",
    )


def pipeline_of(model, scheduler):
    pipeline = DDPMPipeline(unet=model, scheduler=scheduler)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def make_one(kind, rng, **config):
    return pipeline_of(make_model(rng, **config), make_scheduler(kind, rng))


def from_library(folder):
    """What the library itself finds in a folder."""
    pipeline = DDPMPipeline.from_pretrained(str(folder), local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def check_pipeline(pipeline, wanted, dtype=torch.float32):
    """A DDPMPipeline with the parts of `wanted`, its weights in this dtype."""
    expect.instance(pipeline, "DDPMPipeline")
    for name in ("unet", "scheduler"):
        part, right = getattr(pipeline, name), getattr(wanted, name)
        expect.that(
            type(part).__name__ == type(right).__name__,
            f"the pipeline's `{name}` is {describe(part)}",
            f"a {type(right).__name__}",
            parts_hint(pipeline, name, part),
        )
        expect.configuration(part, right)
    check_weights(
        pipeline.unet.state_dict(), wanted.unet.state_dict(), dtype, "the pipeline's UNet"
    )


def parts_hint(pipeline, name, part):
    """The slip that puts such a part there."""
    if isinstance(pipeline.unet, (DDPMScheduler, DDIMScheduler)):
        return "Model and scheduler changed places."
    if name == "scheduler" and isinstance(part, (DDPMScheduler, DDIMScheduler)):
        return "The class of a scheduler belongs to it as its settings do."
    return ""


def check_weights(weights, wanted, dtype, name):
    """The same numbers under the same names, in this dtype."""
    expect.that(
        weights.keys() == wanted.keys(),
        f"{name} has weights of other names",
        f"{len(wanted)} tensors: {', '.join(list(wanted)[:3])}, ...",
    )
    kinds = {str(weight.dtype).removeprefix("torch.") for weight in weights.values()}
    right = str(dtype).removeprefix("torch.")
    expect.that(kinds == {right}, f"{name} has weights in {', '.join(sorted(kinds))}", right)
    for key, weight in weights.items():
        expect.close(
            weight, wanted[key].to(dtype), 0, f"{key} of {name}", because="a copy is exact"
        )


@contextlib.contextmanager
def names_told():
    """Say how the parts are called, where the library does not know a name."""
    try:
        yield
    except TypeError as error:
        if not re.search(r"DDPMPipeline\.__init__\(\) got an unexpected keyword", str(error)):
            raise
        raise Wrong(f"TypeError: {error}", "the names of its parts", PART_NAMES) from error


def made(exercise, model, scheduler):
    with names_told():
        return exercise.make_pipeline(copy.deepcopy(model), scheduler)


def saved(exercise, pipeline, folder):
    """Let the learner save the pipeline, and look whether the folder holds what it must."""
    exercise.save(copy.deepcopy(pipeline), str(folder))
    found = files_in(folder)
    missing = [name for name in FILES if name not in found]
    listed = ", ".join(found[:6]) + (", ..." if len(found) > 6 else "") or "no files"
    expect.that(not missing, f"{listed} in the folder", ", ".join(FILES), folder_hint(found))
    return folder


def files_in(folder):
    return sorted(p.relative_to(folder).as_posix() for p in Path(folder).rglob("*") if p.is_file())


def folder_hint(found):
    """What was saved in place of the pipeline."""
    if any(Path(name).suffix in PICKLES for name in found):
        return "Weights in a pickle run code when they are loaded: safetensors hold numbers alone."
    if "config.json" in found:
        return "This is the folder of a model; the pipeline saves its scheduler, too, and an index."
    if "scheduler_config.json" in found:
        return "This is the folder of a scheduler; the pipeline saves all of its parts."
    if found == ["model_index.json"]:
        return "This is the index alone: the parts that it names are missing."
    if any(re.search(r"\.\w+\.safetensors$", name) for name in found):
        return "The files of a variant are found by those alone who ask for it by its name."
    if WEIGHTS in found and "model_index.json" not in found:
        return "The parts are there; nothing says what they make up. The pipeline's method does."
    below = [name for name in found if name.endswith("/model_index.json")]
    if below:
        return f"The pipeline lies deeper down, in {Path(below[0]).parent}: use `folder` itself."
    return ""


# make_pipeline


@pytest.mark.points(2)
@SCHEDULERS
def test_the_pipeline_has_the_model_and_the_scheduler(exercise, kind, rng):
    """A DDPMPipeline whose `unet` and `scheduler` are those that were given."""
    wanted = make_one(kind, rng)
    check_pipeline(made(exercise, wanted.unet, wanted.scheduler), wanted)


def test_the_model_keeps_its_precision(exercise, rng):
    """Weights in half precision stay so: making a pipeline changes no numbers."""
    wanted = make_one(DDPMScheduler, rng)
    wanted.unet.half()
    check_pipeline(made(exercise, wanted.unet, wanted.scheduler), wanted, torch.float16)


# save


@pytest.mark.points(2)
def test_the_folder_has_the_layout_of_diffusers(exercise, rng, tmp_path):
    """An index, a folder for each part, the weights as safetensors, and no pickles."""
    folder = saved(exercise, make_one(DDPMScheduler, rng), tmp_path / "pipeline")
    pickles = [name for name in files_in(folder) if Path(name).suffix in PICKLES]
    expect.that(
        not pickles,
        f"{', '.join(pickles)} in the folder",
        "weights as safetensors alone",
        "A pickle runs code when it is loaded.",
    )


@pytest.mark.points(2)
@SCHEDULERS
def test_the_library_loads_what_was_saved(exercise, kind, rng, tmp_path):
    """`from_pretrained` finds all of it again, in whatever mode the model was saved."""
    wanted = make_one(kind, rng, dropout=0.1)
    wanted.unet.train()
    check_pipeline(from_library(saved(exercise, wanted, tmp_path / "pipeline")), wanted)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16], ids=["single", "half"])
def test_weights_are_saved_in_their_precision(exercise, rng, tmp_path, dtype):
    """Nothing is converted on the way to the disk; half precision makes half a file."""
    wanted = make_one(DDPMScheduler, rng)
    wanted.unet.to(dtype)
    folder = saved(exercise, wanted, tmp_path / "pipeline")
    weights = safetensors.torch.load_file(folder / WEIGHTS)
    check_weights(weights, wanted.unet.state_dict(), dtype, "the file")


def test_an_earlier_pipeline_is_replaced(exercise, rng, tmp_path):
    """Saved twice to one folder, the second one lies there."""
    earlier, later = make_one(DDPMScheduler, rng), make_one(DDIMScheduler, rng)
    folder = saved(exercise, earlier, tmp_path / "pipeline")
    found = from_library(saved(exercise, later, folder))
    expect.that(
        not torch.equal(found.unet.conv_in.weight, earlier.unet.conv_in.weight),
        "the earlier pipeline still lies in the folder",
        "the one that was saved last",
    )
    check_pipeline(found, later)


def test_missing_folders_are_made(exercise, rng, tmp_path):
    """The folder need not be there, nor those above it."""
    saved(exercise, make_one(DDPMScheduler, rng), tmp_path / "runs" / "first" / "pipeline")


def test_saving_leaves_the_pipeline_as_it_is(exercise, rng, tmp_path):
    """A training can go on after its model was saved."""
    wanted = make_one(DDPMScheduler, rng)
    wanted.unet.train()
    given = copy.deepcopy(wanted)
    exercise.save(given, str(tmp_path / "pipeline"))
    check_pipeline(given, wanted)
    expect.that(
        given.unet.training, "a model in evaluation mode", "the training mode that it had before"
    )


# load


@pytest.mark.points(2)
@SCHEDULERS
def test_what_the_library_saved_is_loaded(exercise, kind, rng, tmp_path):
    """Weights, configurations and the class of the scheduler come from the folder."""
    wanted = make_one(kind, rng)
    wanted.save_pretrained(tmp_path)
    check_pipeline(exercise.load(str(tmp_path)), wanted)


def test_a_loaded_pipeline_is_ready_to_sample(exercise, rng, tmp_path):
    """In evaluation mode and in float32, also where the files are in half precision."""
    wanted = make_one(DDPMScheduler, rng, dropout=0.1)
    wanted.unet.half().train()
    wanted.save_pretrained(tmp_path)
    pipeline = exercise.load(str(tmp_path))
    check_pipeline(pipeline, wanted)
    expect.that(
        not pipeline.unet.training,
        "a model in training mode",
        "evaluation mode, in which pictures are made",
        "A model that is built by hand is in training mode; `from_pretrained` calls `eval()`.",
    )


def test_the_butterflies_are_loaded(exercise):
    """The folder that ships with this repository is one like any other."""
    check_pipeline(exercise.load(str(BUTTERFLIES)), from_library(BUTTERFLIES))


@pytest.mark.points(2)
def test_the_pictures_survive_the_round_trip(exercise, rng, seed, tmp_path):
    """Made, saved and loaded again, a pipeline paints the same pictures from the same seed."""
    model, scheduler = make_model(rng), make_scheduler(DDPMScheduler, rng)
    before = made(exercise, model.eval(), scheduler)
    check_pipeline(before, pipeline_of(model, scheduler))
    after = exercise.load(str(saved(exercise, before, tmp_path / "pipeline")))
    expect.instance(after, "DDPMPipeline")
    one, other = (pictures(pipeline, seed) for pipeline in (before, after))
    expect.close(
        other, one, 1e-5, "the pictures", because="those of the pipeline before"
    )  # float32


def pictures(pipeline, seed):
    pipeline.set_progress_bar_config(disable=True)
    generator = torch.Generator().manual_seed(seed)
    images = pipeline(2, generator, num_inference_steps=3, output_type="np").images
    return torch.from_numpy(images)


@pytest.mark.gpu
def test_a_pipeline_on_a_gpu_is_saved_too(exercise, rng, tmp_path):
    """The folder does not know where the model was; it is loaded to the CPU."""
    wanted = make_one(DDPMScheduler, rng).to("cuda")
    loaded = exercise.load(str(saved(exercise, wanted, tmp_path / "pipeline")))
    check_pipeline(loaded, wanted.to("cpu"))
