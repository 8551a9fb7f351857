"""Models with known mathematics or a memory, which suites hand to the learner's code.

They are Diffusers models, so that whatever a learner may do with a UNet works on them, and they
cross like one: by class name, configuration and weights.
"""

import functools

import torch
from diffusers import UNet2DModel


class RecordingUNet(UNet2DModel):
    """A UNet2DModel that remembers what it was shown.

    calls  a list with one dict for each forward pass: `sample` and `timestep`, as they were given,
           and `training`, the model's mode
    """

    @functools.wraps(UNet2DModel.__init__)  # `from_config` reads the options in the signature
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.calls = []

    def forward(self, sample, timestep, *args, **kwargs):
        seen = {"sample": sample.detach().clone(), "timestep": _copy(timestep)}
        self.calls.append({**seen, "training": self.training})
        return super().forward(sample, timestep, *args, **kwargs)


class Interruption(Exception):
    """What a `CallLog` raises at its limit, as a power cut would end a training."""


class CallLog:
    """A callback that remembers with what it was called.

    calls    a list with the positional arguments of each call, as a list
    limit    the number of calls after which it raises Interruption, or None
    watched  a model that crosses before it in the same message, or None: the sum of its weights'
             squares is noted behind the arguments of each call
    """

    def __init__(self, calls=None, limit=None, watched=None):
        self.calls = calls or []
        self.limit = limit
        self.watched = watched

    def __call__(self, *arguments):
        noted = [] if self.watched is None else [sum_of_squares(self.watched)]
        self.calls.append([*arguments, *noted])
        if self.limit is not None and len(self.calls) >= self.limit:
            raise Interruption(f"interrupted after {self.limit} calls")


class DrawnRows:
    """A data set whose pictures are drawn anew at each reading, as a transform flips anew.

    dataset[i] is a dict with a tensor (3, 4, 4) under "images": row number i in the first channel,
    numbers from the global random state in the others.

    reads  how many rows were read so far
    """

    def __init__(self, count, reads=0):
        self.count = count
        self.reads = reads

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        row = range(self.count)[index]
        self.reads += 1
        return {"images": torch.cat([torch.full((1, 4, 4), float(row)), torch.rand(2, 4, 4)])}


def sum_of_squares(model: torch.nn.Module) -> float:
    """One number that tells two states of a model's weights apart."""
    return sum(p.detach().double().square().sum().item() for p in model.parameters())


def tiny_unet(sample_size: int = 8, seed: int = 0, **config) -> RecordingUNet:
    """A recording UNet of some 20,000 parameters for (B, 3, sample_size, sample_size) pictures."""
    options = {
        "sample_size": sample_size,
        "block_out_channels": (8, 16),
        "down_block_types": ("DownBlock2D", "DownBlock2D"),
        "up_block_types": ("UpBlock2D", "UpBlock2D"),
        "layers_per_block": 1,
        "norm_num_groups": 4,
        **config,
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return RecordingUNet(**options)


def _copy(timestep):
    return timestep.detach().clone() if isinstance(timestep, torch.Tensor) else timestep
