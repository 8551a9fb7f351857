"""What `kata watch` imports before it judges: all that suites and usual solutions touch.

Imports only: a thread that is started here would not live on in a fork.
"""
# ruff: noqa: F401  # they are imported to be there

import rich._emoji_codes
import torch
import torch._dynamo  # what an optimizer imports when the first one is made
import torchvision.transforms.v2
from datasets import load_dataset
from diffusers import (
    AutoencoderKL,
    DDIMPipeline,
    DDPMPipeline,
    StableDiffusionPipeline,
    UNet2DConditionModel,
    UNet2DModel,
    schedulers,
)
from diffusers.training_utils import EMAModel
from matplotlib.backends import backend_agg
from PIL import Image
from rich.cells import cell_len
from transformers import CLIPTextModel, CLIPTokenizer

import kata.__main__
import kata.show
from kata import draw, expect, panels, pipelines, pixels, probes, replay, tiny_pipelines

Image.init()  # else the first picture that is written waits for the code of every format
cell_len("━")  # else the first table waits for the widths of all characters
torch.set_num_threads(1)  # tensors are small here, and threads that share a core wait for it
for scheduler in schedulers.KarrasDiffusionSchedulers:  # each knows those that it can stand for
    getattr(schedulers, scheduler.name)
