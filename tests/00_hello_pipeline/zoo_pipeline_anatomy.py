"""Wrong and right answers to pipeline_anatomy."""

import copy
import importlib
import inspect
import json
import os
from pathlib import Path

import diffusers
import transformers
from diffusers import DDPMPipeline, DiffusionPipeline, StableDiffusionPipeline, UNet2DModel

from kata.zoo import mistake, rewrite, variant

SHIPPED = "test_the_parts_of_the_shipped_pipelines[text_to_image]"
KEPT = "test_only_the_parts_are_kept"
ALONE = "test_a_part_alone_is_the_part_in_the_pipeline"
TEXT_ENCODER = f"{ALONE}[text_to_image-text_encoder]"
UNET = f"{ALONE}[unconditional-unet]"
OTHERS = "test_the_other_parts_are_left_alone"
UNKNOWN = "test_what_is_no_part_is_a_value_error"
SURVIVES = "test_the_noise_schedule_survives_the_swap"
STAY = "test_the_other_parts_stay[DDIM]"
ITSELF = "test_the_pipeline_itself_has_the_new_scheduler"
PLACES = "test_the_given_parts_take_their_places"
USED = "test_the_given_parts_are_used_as_they_are"
REST = "test_the_rest_is_the_folders"


def read(model_dir):
    return json.loads(Path(model_dir, "model_index.json").read_text(encoding="utf-8"))


def parts(model_dir):
    """The parts as the kata asks for them."""
    return {
        name: value
        for name, value in read(model_dir).items()
        if name[0] != "_" and isinstance(value, list) and value[0]
    }


def part_class(model_dir, name):
    library, class_name = parts(model_dir)[name]
    return getattr(importlib.import_module(library), class_name)


def check(model_dir, name):
    """The error that the kata asks for."""
    if name not in parts(model_dir):
        raise ValueError(f"{name} is none of {list(parts(model_dir))}")


@mistake("components", rejected_by=SHIPPED, says="is a note about the pipeline")
def the_whole_file(model_dir):
    """Everything in model_index.json is returned, also what is no part."""
    return read(model_dir)


@mistake("components", rejected_by=SHIPPED, says="a setting of the pipeline")
def settings_among_them(model_dir):
    """Only notes and parts that were left out are dropped; settings of the pipeline stay among
    the parts.
    """
    entries = read(model_dir).items()
    return {k: v for k, v in entries if not k.startswith("_") and v != [None, None]}


@mistake("components", rejected_by=SHIPPED, says="a part that was left out")
def what_was_left_out_among_them(model_dir):
    """[null, null] is a list, too, so a part that was left out is taken for a part."""
    return {k: tuple(v) for k, v in read(model_dir).items() if isinstance(v, list)}


@mistake("components", rejected_by=KEPT, says="'_replaced'")
def every_list_of_two_names(model_dir):
    """Lists of names are kept, also under names that begin with an underscore."""
    return {k: tuple(v) for k, v in read(model_dir).items() if isinstance(v, list) and v[0]}


@mistake("components", rejected_by=KEPT, says="a setting of the pipeline")
def everything_of_length_two(model_dir):
    """Whatever has length two is kept: a text of two letters or a dict of two entries is no pair
    of names.
    """
    found = {}
    for name, value in read(model_dir).items():
        sized = isinstance(value, (list, str, dict)) and len(value) == 2
        if sized and not name.startswith("_") and value != [None, None]:
            found[name] = value
    return found


@mistake("components", rejected_by=SHIPPED, says="a number is no list")
def settings_taken_apart(model_dir):
    """The first item of every value is looked at, but a setting such as False has none."""
    entries = read(model_dir).items()
    return {k: tuple(v) for k, v in entries if not k.startswith("_") and v[0] is not None}


@mistake("components", rejected_by=SHIPPED, says="with the pair ('diffusers', 'DDIMScheduler')")
def only_the_classes(model_dir):
    """The class of each part is returned without its library."""
    return {name: class_name for name, (_, class_name) in parts(model_dir).items()}


@mistake("components", rejected_by=SHIPPED, says="with the pair ('diffusers', 'DDIMScheduler')")
def the_pair_turned_round(model_dir):
    """The class comes first and its library second."""
    return {name: (class_name, library) for name, (library, class_name) in parts(model_dir).items()}


@rewrite(the_pair_turned_round)
def the_pair_turned_round_in_a_loop(model_dir):
    """A loop over the file's entries, and an index in the place of names."""
    found = {}
    index = DiffusionPipeline.load_config(model_dir)
    for key in index:
        value = index[key]
        if not key.startswith("_") and isinstance(value, (list, tuple)) and value[0] is not None:
            found[key] = tuple(reversed(value))
    return found


@mistake("components", rejected_by=SHIPPED, says="no part 'text_encoder'")
def only_those_of_diffusers(model_dir):
    """Only the parts from Diffusers are kept; tokenizer and text encoder are from another
    library.
    """
    return {k: tuple(v) for k, v in parts(model_dir).items() if v[0] == "diffusers"}


@mistake("components", rejected_by=SHIPPED, says="a dict with a pair for the name")
def a_list_of_names(model_dir):
    """The names of the parts are returned in a list, without library and class."""
    return list(parts(model_dir))


@mistake("load_component", rejected_by=TEXT_ENCODER, says="Not every part is from Diffusers")
def all_from_diffusers(model_dir, name):
    """Every class is looked for in Diffusers, also where another library has it."""
    check(model_dir, name)
    part = getattr(diffusers, parts(model_dir)[name][1])
    return part.from_pretrained(model_dir, subfolder=name)


@rewrite(all_from_diffusers)
def all_from_diffusers_by_importlib(model_dir, name):
    """The library's name is written where the file has one for each part."""
    with open(os.path.join(model_dir, "model_index.json"), encoding="utf-8") as file:
        index = json.load(file)
    names = [n for n, entry in index.items() if isinstance(entry, list) and entry[0] is not None]
    if name not in names:
        raise ValueError(f"There is no {name}, only {names}")
    library = importlib.import_module("diffusers")
    loaded = getattr(library, index[name][1])
    return loaded.from_pretrained(os.path.join(model_dir, name))


@mistake("load_component", rejected_by=UNET, says="a configuration has none")
def configuration_only(model_dir, name):
    """The model is built from its configuration alone, so its weights are random."""
    check(model_dir, name)
    cls = part_class(model_dir, name)
    if not issubclass(cls, UNet2DModel):
        return cls.from_pretrained(model_dir, subfolder=name)
    return cls.from_config(cls.load_config(model_dir, subfolder=name))


@mistake("load_component", rejected_by=OTHERS, says="nothing else is read")
def by_way_of_the_pipeline(model_dir, name):
    """The whole pipeline is loaded for the sake of one part."""
    check(model_dir, name)
    return getattr(DiffusionPipeline.from_pretrained(model_dir), name)


@mistake("load_component", rejected_by=UNET, says="its `from_pretrained` loads one")
def the_class_alone(model_dir, name):
    """The class of the part is returned, and nothing is loaded."""
    check(model_dir, name)
    return part_class(model_dir, name)


@mistake("load_component", rejected_by=UNET, says="did you forget it?")
def loaded_and_dropped(model_dir, name):
    """The part is loaded, but `return` is missing."""
    check(model_dir, name)
    part_class(model_dir, name).from_pretrained(model_dir, subfolder=name)


@mistake("load_component", rejected_by=f"{UNKNOWN}[noise_scheduler]", says="KeyError")
def key_error(model_dir, name):
    """An unknown name raises KeyError, as a dict does, and not ValueError."""
    return part_class(model_dir, name).from_pretrained(model_dir, subfolder=name)


@rewrite(key_error)
def key_error_of_a_dict_of_classes(model_dir, name):
    """The classes of all parts are found first, and one of them is taken."""
    found = {}
    for part, value in read(model_dir).items():
        if not part.startswith("_") and isinstance(value, list) and value[0]:
            found[part] = getattr(importlib.import_module(value[0]), value[1])
    cls = found[name]
    return cls.from_pretrained(Path(model_dir) / name)


@mistake("load_component", rejected_by=UNKNOWN, says="without ['scheduler'")
def error_without_names(model_dir, name):
    """The error does not say which names there are."""
    if name not in parts(model_dir):
        raise ValueError(f"no part {name} in {model_dir}")
    return part_class(model_dir, name).from_pretrained(model_dir, subfolder=name)


@mistake("load_component", rejected_by=UNKNOWN, says="the result is None")
def none_for_an_unknown_name(model_dir, name):
    """An unknown name raises no error: None comes back."""
    if name in parts(model_dir):
        return part_class(model_dir, name).from_pretrained(model_dir, subfolder=name)


@mistake("load_component", rejected_by=f"{UNKNOWN}[safety_checker]", says="a ValueError, since")
def anything_in_the_file(model_dir, name):
    """Whatever stands in model_index.json is taken for a part."""
    index = read(model_dir)
    if name not in index:
        raise ValueError(f"{name} is none of {list(index)}")
    library, class_name = index[name]
    part = getattr(importlib.import_module(library), class_name)
    return part.from_pretrained(model_dir, subfolder=name)


@mistake("swap_scheduler", rejected_by=f"{SURVIVES}[DDIM]", says="configuration passed on")
def without_configuration(pipeline, scheduler_class):
    """The new scheduler is made without the old one's configuration, so it has the library's
    defaults.
    """
    pipeline.scheduler = scheduler_class()
    return pipeline


@rewrite(without_configuration)
def without_configuration_and_registered(pipeline, scheduler_class):
    """The scheduler is made by itself and registered as a part."""
    new_scheduler = scheduler_class()
    pipeline.register_modules(scheduler=new_scheduler)
    return pipeline


@mistake("swap_scheduler", rejected_by=f"{SURVIVES}[DDIM]", says="configuration passed on")
def configuration_of_the_pipeline(pipeline, scheduler_class):
    """The pipeline's configuration is passed on instead of the scheduler's: it knows no betas."""
    pipeline.scheduler = scheduler_class.from_config(pipeline.config)
    return pipeline


@mistake("swap_scheduler", rejected_by=f"{SURVIVES}[DDIM]", says="configuration passed on")
def only_the_length(pipeline, scheduler_class):
    """Only the number of timesteps is passed on to the new scheduler."""
    length = pipeline.scheduler.config.num_train_timesteps
    pipeline.scheduler = scheduler_class(num_train_timesteps=length)
    return pipeline


@mistake("swap_scheduler", rejected_by=f"{SURVIVES}[DDIM]", says="prediction_type='epsilon'")
def only_the_betas(pipeline, scheduler_class):
    """Only the betas are passed on to the new scheduler, not what the model predicts."""
    pipeline.scheduler = scheduler_class(
        trained_betas=pipeline.scheduler.betas.tolist(),
        **{
            key: pipeline.scheduler.config[key]
            for key in ("num_train_timesteps", "beta_start", "beta_end", "beta_schedule")
        },
        steps_offset=1,
    )
    return pipeline


@mistake("swap_scheduler", rejected_by=f"{SURVIVES}[DDIM]", says="the one that the pipeline had")
def under_another_name(pipeline, scheduler_class):
    """The scheduler is put under the name `noise_scheduler`, which is no part of the pipeline."""
    pipeline.noise_scheduler = scheduler_class.from_config(pipeline.scheduler.config)
    return pipeline


@mistake("swap_scheduler", rejected_by=f"{SURVIVES}[DDIM]", says="not the scheduler")
def the_scheduler_alone(pipeline, scheduler_class):
    """The new scheduler is returned instead of the pipeline."""
    pipeline.scheduler = scheduler_class.from_config(pipeline.scheduler.config)
    return pipeline.scheduler


@mistake("swap_scheduler", rejected_by=f"{SURVIVES}[DDIM]", says="did you forget it?")
def nothing_returned(pipeline, scheduler_class):
    """The scheduler is swapped, but `return` is missing."""
    pipeline.scheduler = scheduler_class.from_config(pipeline.scheduler.config)


@mistake("swap_scheduler", rejected_by=f"{SURVIVES}[DDIM]", says="makes a scheduler")
def the_class_itself(pipeline, scheduler_class):
    """The class is put into the pipeline, not an object of it."""
    pipeline.scheduler = scheduler_class
    return pipeline


@mistake("swap_scheduler", rejected_by=ITSELF, says="What was returned is another pipeline")
def a_pipeline_of_its_own(pipeline, scheduler_class):
    """A new pipeline is returned, and the one that was given keeps its old scheduler."""
    scheduler = scheduler_class.from_config(pipeline.scheduler.config)
    return type(pipeline)(**{**pipeline.components, "scheduler": scheduler})


@mistake("swap_scheduler", rejected_by=STAY, says="other numbers")
def a_fresh_unet(pipeline, scheduler_class):
    """The pipeline gets a new, untrained UNet."""
    scheduler = scheduler_class.from_config(pipeline.scheduler.config)
    unet = type(pipeline.unet).from_config(pipeline.unet.config)
    pipeline.register_modules(unet=unet, scheduler=scheduler)
    return pipeline


@mistake("assemble", rejected_by=PLACES, says="ignores any other keyword")
def noise_scheduler(model_dir, unet, scheduler):
    """The scheduler is passed under the name `noise_scheduler`; the pipeline's part is called
    `scheduler`, and the library ignores the other name.
    """
    return DiffusionPipeline.from_pretrained(model_dir, unet=unet, noise_scheduler=scheduler)


@rewrite(noise_scheduler)
def noise_scheduler_among_the_overrides(model_dir, unet, scheduler):
    """The parts are collected in a dict, and the class is that of the folder."""
    overrides = dict(unet=unet, noise_scheduler=scheduler)
    index = DiffusionPipeline.load_config(model_dir)
    pipeline_class = getattr(diffusers, index["_class_name"])
    return pipeline_class.from_pretrained(model_dir, **overrides)


@mistake("assemble", rejected_by=PLACES, says="by its name, `unet=`")
def model(model_dir, unet, scheduler):
    """The UNet is passed under the name `model`; the pipeline's part is called `unet`."""
    return DiffusionPipeline.from_pretrained(model_dir, model=unet, scheduler=scheduler)


@mistake("assemble", rejected_by=PLACES, says="by its name, `unet=`")
def only_the_scheduler(model_dir, unet, scheduler):
    """Only the scheduler is handed over; the UNet is the folder's."""
    return DiffusionPipeline.from_pretrained(model_dir, scheduler=scheduler)


@mistake("assemble", rejected_by=f"{PLACES}[text_to_image]", says="StableDiffusionPipeline")
def always_ddpm(model_dir, unet, scheduler):
    """DDPMPipeline is written into the function, whatever class the folder names."""
    return DDPMPipeline(unet=unet, scheduler=scheduler)


@mistake("assemble", rejected_by=PLACES, says="expected    a DPMSolverMultistepScheduler")
def configuration_of_the_scheduler(model_dir, unet, scheduler):
    """The scheduler's settings are given to a scheduler of the folder's class."""
    pipeline = DiffusionPipeline.from_pretrained(model_dir, unet=unet)
    pipeline.scheduler = type(pipeline.scheduler).from_config(scheduler.config)
    return pipeline


@mistake("assemble", rejected_by=USED, says="made from the configuration of the other")
def a_scheduler_like_it(model_dir, unet, scheduler):
    """A new scheduler of the same class and settings is used, not the one that was given."""
    scheduler = type(scheduler).from_config(scheduler.config)
    return DiffusionPipeline.from_pretrained(model_dir, unet=unet, scheduler=scheduler)


@mistake("assemble", rejected_by=f"{USED}[text_to_image]", says="the UNet is in training mode")
def made_ready_to_train(model_dir, unet, scheduler):
    """The UNet is put into training mode, where its mode should stay as it was."""
    pipeline = DiffusionPipeline.from_pretrained(model_dir, unet=unet, scheduler=scheduler)
    pipeline.unet.train()
    return pipeline


@mistake("assemble", rejected_by=f"{USED}[unconditional]", says="the UNet is in evaluation mode")
def made_ready_to_paint(model_dir, unet, scheduler):
    """The UNet is put into evaluation mode, where its mode should stay as it was."""
    unet.eval()
    return DiffusionPipeline.from_pretrained(model_dir, unet=unet, scheduler=scheduler)


@mistake("assemble", rejected_by=USED, says="`requires_grad` is True for 0 weights")
def frozen(model_dir, unet, scheduler):
    """The UNet is frozen by `requires_grad_(False)`, where each weight should stay as it was."""
    unet.requires_grad_(False)
    return DiffusionPipeline.from_pretrained(model_dir, unet=unet, scheduler=scheduler)


@mistake("assemble", rejected_by=PLACES, says="is None")
def assembled_and_dropped(model_dir, unet, scheduler):
    """The pipeline is assembled, but `return` is missing."""
    DiffusionPipeline.from_pretrained(model_dir, unet=unet, scheduler=scheduler)


@mistake("assemble", rejected_by=REST, says="other numbers")
def an_untrained_autoencoder(model_dir, unet, scheduler):
    """The VAE is built from its configuration, so its weights are random."""
    pipeline = DiffusionPipeline.from_pretrained(model_dir, unet=unet, scheduler=scheduler)
    if hasattr(pipeline, "vae"):
        pipeline.vae = type(pipeline.vae).from_config(pipeline.vae.config)
    return pipeline


@variant("components")
def in_a_loop(model_dir):
    """One entry after the other."""
    found = {}
    with open(os.path.join(model_dir, "model_index.json")) as file:
        for name, value in json.load(file).items():
            if name.startswith("_") or type(value) is not list:
                continue
            library, class_name = value
            if library is not None and class_name is not None:
                found[name] = (library, class_name)
    return found


@variant("components")
def by_the_library(model_dir):
    """Diffusers reads the file; lists in the place of pairs."""
    index = DiffusionPipeline.load_config(model_dir)
    lists = {name: value for name, value in index.items() if isinstance(value, (list, tuple))}
    return {k: list(v) for k, v in lists.items() if not k.startswith("_") and all(v)}


@variant("load_component")
def from_its_own_folder(model_dir, name):
    """The subfolder is a folder like any other."""
    check(model_dir, name)
    return part_class(model_dir, name).from_pretrained(os.path.join(model_dir, name))


@variant("load_component")
def by_a_table_of_libraries(model_dir, name):
    """The two libraries that there are, without importlib."""
    libraries = {"diffusers": diffusers, "transformers": transformers}
    try:
        library, class_name = parts(model_dir)[name]
    except KeyError as error:
        raise ValueError(f"{name!r}: choose from {sorted(parts(model_dir))}") from error
    return getattr(libraries[library], class_name).from_pretrained(Path(model_dir), subfolder=name)


@variant("swap_scheduler")
def registered(pipeline, scheduler_class):
    """`register_modules` puts it there; the configuration goes by way of a plain dict."""
    config = dict(copy.deepcopy(pipeline.scheduler.config))
    pipeline.register_modules(scheduler=scheduler_class.from_config(config))
    return pipeline


@variant("swap_scheduler")
def known_settings_by_keyword(pipeline, scheduler_class):
    """Only the settings that the class knows, through its constructor."""
    known = inspect.signature(scheduler_class).parameters
    config = {k: v for k, v in pipeline.scheduler.config.items() if k in known}
    config.pop("variance_type", None)
    pipeline.scheduler = scheduler_class(**config)
    return pipeline


@variant("assemble")
def exchanged_afterwards(model_dir, unet, scheduler):
    """Everything is loaded first."""
    pipeline = DiffusionPipeline.from_pretrained(model_dir)
    pipeline.unet, pipeline.scheduler = unet, scheduler
    return pipeline


@variant("assemble")
def part_by_part(model_dir, unet, scheduler):
    """All other parts are loaded by themselves, and the class is called."""
    given = {"unet": unet, "scheduler": scheduler}
    loaded = {
        name: part_class(model_dir, name).from_pretrained(model_dir, subfolder=name)
        for name in parts(model_dir)
        if name not in given
    }
    pipeline_class = getattr(diffusers, read(model_dir)["_class_name"])
    if pipeline_class is StableDiffusionPipeline:
        loaded.update(safety_checker=None, feature_extractor=None, requires_safety_checker=False)
    return pipeline_class(**loaded, **given)
