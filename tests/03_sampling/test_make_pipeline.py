"""A pipeline, its folder, and the way there and back: nothing gets lost."""

import contextlib
import copy
import re
import zipfile
from pathlib import Path

import pytest
import safetensors.torch
import torch
from diffusers import DDIMScheduler, DDPMPipeline, DDPMScheduler, UNet2DModel

from kata import expect
from kata.describe import describe
from kata.tiny_pipelines import SMALLEST
from kata.verdict import Wrong

WEIGHTS = "unet/diffusion_pytorch_model.safetensors"
FILES = ["model_index.json", "scheduler/scheduler_config.json", "unet/config.json", WEIGHTS]
PICKLES = {".bin", ".ckpt", ".pickle", ".pkl", ".pt", ".pth"}
SCHEDULERS = pytest.mark.parametrize("kind", [DDPMScheduler, DDIMScheduler], ids=["ddpm", "ddim"])
FILE_OF_TORCH = (
    "`torch.save` writes one file, a pickle: a pipeline has a method that writes the folder."
)
PICKLE_ASKED = "This is what `use_safetensors=False` asks for, a pickle: leave the setting out."
PART_NAMES = "A `DDPMPipeline` calls its parts `unet` and `scheduler`."


def make_model(rng, **config):
    """A UNet of a few thousand random weights."""
    model = UNet2DModel(sample_size=8, **SMALLEST, **config)
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
        right = wanted[key].to(dtype)
        expect.that(
            weight.shape == right.shape,
            f"{key} of {name} has the shape {tuple(weight.shape)}",
            f"the shape {tuple(right.shape)}",
        )
        expect.that(
            torch.equal(weight, right),
            f"{key} of {name} is off by up to {(weight - right).abs().max():.3g}",
            "exactly equal: a copy is exact",
        )


def check_learning(model, wanted):
    """The model is in its mode, and the same parameters learn."""
    modes = {True: "training mode", False: "evaluation mode"}
    expect.that(
        model.training == wanted.training,
        f"a model in {modes[model.training]}",
        f"the {modes[wanted.training]} that it had before",
    )
    learning, right = (
        [name for name, p in unet.named_parameters() if p.requires_grad] for unet in (model, wanted)
    )
    expect.that(
        learning == right,
        f"a model of whose parameters {len(learning)} learn",
        f"the {len(right)} that learned before: `requires_grad` as it was",
    )


def frozen_in_part(model):
    """One layer does not learn, as when the rest of a model is fine-tuned."""
    model.conv_in.requires_grad_(False)
    return model


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
    with folders_told(folder):
        exercise.save(copy.deepcopy(pipeline), str(folder))
    return checked(folder)


def checked(folder):
    """The folder, if it has the layout of Diffusers."""
    expect.that(
        not folder.is_file(),
        "a file of the name `folder`",
        f"a folder of this name, with {', '.join(FILES)}",
        FILE_OF_TORCH if is_saved_by_torch(folder) else "",
    )
    found = files_in(folder)
    missing = [name for name in FILES if name not in found]
    listed = ", ".join(found[:6]) + (", ..." if len(found) > 6 else "") or "no files"
    expect.that(not missing, f"{listed} in the folder", ", ".join(FILES), folder_hint(found))
    return folder


@contextlib.contextmanager
def folders_told(folder):
    """Say that folders need no making, where one was there already or its parent was not."""
    try:
        yield
    except (FileExistsError, FileNotFoundError) as error:
        if error.filename is None or Path(error.filename) != folder:
            raise
        raise Wrong(
            f"{type(error).__name__}: {error.strerror}: the path is `folder` itself",
            "a folder that may be there or not, as may those above it",
            "`save_pretrained` makes folders itself, and writes into those that are there.",
        ) from error


def is_saved_by_torch(path):
    """Whether this file is one of `torch.save`: a zip with a pickle in it."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith("data.pkl") for name in archive.namelist())


def loaded(exercise, folder):
    """What the learner loads from there."""
    try:
        return exercise.load(str(folder))
    except OSError as error:
        told = expect.first_line(error)
        if "diffusion_pytorch_model.bin" not in told:
            raise
        raise Wrong(f"OSError: {told}", f"the weights from `{WEIGHTS}`", PICKLE_ASKED) from error


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


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
def test_the_model_that_was_given_learns_as_before(exercise, rng, training):
    """A pipeline for a preview changes neither the model's mode nor which parameters learn."""
    wanted = make_one(DDPMScheduler, rng)
    frozen_in_part(wanted.unet).train(training)
    given = copy.deepcopy(wanted.unet)
    with names_told():
        expect.instance(exercise.make_pipeline(given, wanted.scheduler), "DDPMPipeline")
    check_learning(given, wanted.unet)


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


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16], ids=["single", "half"])
def test_weights_are_saved_in_their_precision(exercise, rng, tmp_path, dtype):
    """Nothing is converted on the way to the disk; half precision makes half a file."""
    wanted = make_one(DDPMScheduler, rng)
    wanted.unet.to(dtype)
    folder = saved(exercise, wanted, tmp_path / "pipeline")
    weights = safetensors.torch.load_file(folder / WEIGHTS)
    check_weights(weights, wanted.unet.state_dict(), dtype, "the file")


@pytest.mark.points(2)
@SCHEDULERS
def test_the_library_loads_what_was_saved(exercise, kind, rng, tmp_path):
    """`from_pretrained` finds all of it again, in whatever mode the model was saved."""
    wanted = make_one(kind, rng, dropout=0.1)
    wanted.unet.train()
    check_pipeline(from_library(saved(exercise, wanted, tmp_path / "pipeline")), wanted)


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
    """A training can go on after its model was saved; of what was saved the folder tells."""
    wanted = make_one(DDPMScheduler, rng)
    frozen_in_part(wanted.unet).train()
    given = copy.deepcopy(wanted)
    folder = tmp_path / "pipeline"
    with folders_told(folder):
        returned = exercise.save(given, str(folder))
    check_pipeline(given, wanted)
    check_learning(given.unet, wanted.unet)
    check_pipeline(from_library(checked(folder)), wanted)
    expect.that(returned is None, f"`save` returns {describe(returned)}", "None")


# load


@pytest.mark.points(2)
@SCHEDULERS
def test_what_the_library_saved_is_loaded(exercise, kind, rng, tmp_path):
    """Weights, configurations and the class of the scheduler come from the folder."""
    wanted = make_one(kind, rng)
    wanted.save_pretrained(tmp_path)
    check_pipeline(loaded(exercise, tmp_path), wanted)


def test_a_loaded_pipeline_is_ready_to_sample(exercise, rng, tmp_path):
    """In evaluation mode and in float32, also where the files are in half precision."""
    wanted = make_one(DDPMScheduler, rng, dropout=0.1)
    wanted.unet.half().train()
    wanted.save_pretrained(tmp_path)
    pipeline = loaded(exercise, tmp_path)
    check_pipeline(pipeline, wanted)
    expect.that(
        not pipeline.unet.training,
        "a model in training mode",
        "evaluation mode, in which pictures are made",
        "A model that is built by hand is in training mode; `from_pretrained` calls `eval()`.",
    )


def test_a_folder_is_read_anew_at_each_call(exercise, rng, tmp_path):
    """Where another pipeline was written in the meantime, it is the other one that comes."""
    earlier, later = make_one(DDPMScheduler, rng), make_one(DDPMScheduler, rng)
    earlier.save_pretrained(tmp_path)
    loaded(exercise, tmp_path)
    later.save_pretrained(tmp_path)
    found = loaded(exercise, tmp_path)
    expect.instance(found, "DDPMPipeline")
    expect.that(
        not torch.equal(found.unet.conv_in.weight, earlier.unet.conv_in.weight),
        "the pipeline that lay in the folder at the first call",
        "the one that lies there now: the folder is read at each call",
    )
    check_pipeline(found, later)


@pytest.mark.points(2)
def test_the_pictures_survive_the_round_trip(exercise, rng, seed, tmp_path):
    """Made, saved and loaded again, a pipeline paints the same pictures from the same seed."""
    model, scheduler = make_model(rng), make_scheduler(DDPMScheduler, rng)
    before = made(exercise, model.eval(), scheduler)
    check_pipeline(before, pipeline_of(model, scheduler))
    after = loaded(exercise, saved(exercise, before, tmp_path / "pipeline"))
    expect.instance(after, "DDPMPipeline")
    one, other = (pictures(pipeline, seed) for pipeline in (before, after))
    rounding = 1e-5  # float32
    because = "the one that the pipeline painted before"
    expect.close(other, one, rounding, "the batch of pictures", because=because)


def pictures(pipeline, seed):
    pipeline.set_progress_bar_config(disable=True)
    generator = torch.Generator().manual_seed(seed)
    images = pipeline(2, generator, num_inference_steps=3, output_type="np").images
    return torch.from_numpy(images)


@pytest.mark.gpu
def test_a_pipeline_on_a_gpu_is_saved_too(exercise, rng, tmp_path):
    """The folder does not know where the model was; it is loaded to the CPU."""
    wanted = make_one(DDPMScheduler, rng).to("cuda")
    found = loaded(exercise, saved(exercise, wanted, tmp_path / "pipeline"))
    check_pipeline(found, wanted.to("cpu"))
