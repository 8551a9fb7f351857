"""Take a pipeline apart, exchange its parts, and put it together again.

Goal    to know what lies in a pipeline's folder, and to use any part of it by itself
Source  model_index.json; diffusers.DiffusionPipeline.from_pretrained; ConfigMixin.from_config
Check   pytest exercises/00_hello_pipeline/pipeline_anatomy.py
Stuck   kata hint pipeline_anatomy
"""

import importlib
import json
from pathlib import Path

from diffusers import DiffusionPipeline


def components(model_dir):
    """Return what a pipeline is made of, as its model_index.json says. Nothing else is read.

    model_dir  str: the folder of a pipeline
    return     dict: the name of each part, and for it the pair `(library, class_name)` of two
               strings, such as "unet": ("diffusers", "UNet2DModel")

    A part is an entry of model_index.json whose name does not begin with "_" and whose value is a
    list of two names. Everything else there is none: notes (they begin with "_"), settings of the
    pipeline (true, a number, a text, a dict), and parts that were left out, [null, null].
    """
    # TODO: Read the file, and keep the entries that are parts.
    raise NotImplementedError("TODO: components")


def load_component(model_dir, name):
    """Return one part of a pipeline, loaded by itself: the other parts are not read.

    model_dir  str: the folder of a pipeline. Each part lies in a subfolder of its own name, and
               its library can be imported by the name that model_index.json gives
    name       str: one of the names in `components(model_dir)`
    return     an object of the class that model_index.json names, as that class's
               `from_pretrained` loads it: a model with its weights, a scheduler with its settings,
               a tokenizer with its words

    Raises ValueError for any other name; its message has the names of all parts that there are.
    """
    # TODO: Look its library and class up, import them, and load from the subfolder.
    raise NotImplementedError("TODO: load_component")


def swap_scheduler(pipeline, scheduler_class):
    """Give the pipeline a scheduler of another class, for the same noise schedule.

    pipeline         a pipeline with a part `scheduler`
    scheduler_class  a scheduler class of Diffusers, such as DDIMScheduler (the class itself)
    return           this same pipeline, whose `scheduler` is now a new one of that class. Every
                     setting that the old one was given, and that the new class knows too, has the
                     same value: betas and prediction_type, for example. All other parts stay
    """
    # TODO: Make the new scheduler from the configuration of the old one, and put it in its place.
    raise NotImplementedError("TODO: swap_scheduler")


def assemble(model_dir, unet, scheduler):
    """Return the pipeline of a folder with two of its parts replaced by given ones.

    model_dir  str: the folder of a pipeline that has parts `unet` and `scheduler`
    unet       a model of the class that the folder has under that name. It is used as it is: its
               mode (training or not) and `requires_grad` of its weights stay
    scheduler  a scheduler of Diffusers, used as it is: this one, no new one of its configuration
    return     a pipeline of the class that the folder names (`_class_name`), with these two parts
               and all others from the folder
    """
    # TODO: `DiffusionPipeline` finds the class itself, and takes parts that it is handed by name.
    raise NotImplementedError("TODO: assemble")
