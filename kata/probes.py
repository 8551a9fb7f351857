"""Models with known mathematics or a memory, which suites hand to the learner's code.

They are Diffusers models, so that whatever a learner may do with a UNet works on them, and they
cross like one: by class name, configuration and weights.
"""

import torch
from diffusers import UNet2DModel


class RecordingUNet(UNet2DModel):
    """A UNet2DModel that remembers what it was shown.

    calls  a list with one dict for each forward pass: `sample` and `timestep`, as they were given
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.calls = []

    def forward(self, sample, timestep, *args, **kwargs):
        self.calls.append({"sample": sample.detach().clone(), "timestep": _copy(timestep)})
        return super().forward(sample, timestep, *args, **kwargs)


class CallLog:
    """A callback that remembers with what it was called.

    calls  a list with the positional arguments of each call, as a list
    """

    def __init__(self, calls=None):
        self.calls = calls or []

    def __call__(self, *arguments):
        self.calls.append(list(arguments))


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
