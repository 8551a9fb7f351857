"""Models with known mathematics or a memory, which suites hand to the learner's code.

They are Diffusers models, so that whatever a learner may do with a UNet works on them, and they
cross like one: by class name, configuration and weights.
"""

import functools

import torch
from diffusers import ConfigMixin, DDPMScheduler, ModelMixin, UNet2DModel
from diffusers.configuration_utils import register_to_config
from diffusers.models.unets.unet_2d import UNet2DOutput


class RecordingUNet(UNet2DModel):
    """A UNet2DModel that remembers what it was shown.

    calls  a list with one dict for each forward pass: `sample` and `timestep`, as they were given,
           `training`, the model's mode, and `on_graph`, whether the sample is on autograd's graph
    """

    @functools.wraps(UNet2DModel.__init__)  # `from_config` reads the options in the signature
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.calls = []

    def forward(self, sample, timestep, *args, **kwargs):
        self.calls.append(_noted(self, sample, timestep))
        return super().forward(sample, timestep, *args, **kwargs)


class GaussianUNet(ModelMixin, ConfigMixin):
    """An oracle: the best possible noise prediction for pictures of independent normal pixels.

    For pixels of mean m and standard deviation s the noisy pixel at timestep t is normal with mean
    sqrt(alpha_bar) m and variance alpha_bar s^2 + 1 - alpha_bar, and the expected noise in it is
    linear: a sampling loop that uses it must land on m and s. It is called like a UNet2DModel.

    mean, std  of the pixels
    The betas are those of a DDPMScheduler with the other settings; between two timesteps the noise
    level sigma = sqrt(1 / alpha_bar - 1) is interpolated, as Diffusers' samplers do.

    calls  as a `RecordingUNet` has them
    """

    @register_to_config
    def __init__(
        self,
        mean: float = 0.0,
        std: float = 0.5,
        sample_size: int = 8,
        in_channels: int = 3,
        out_channels: int = 3,
        num_train_timesteps: int = 1000,
        beta_start: float = 0.0001,
        beta_end: float = 0.02,
        beta_schedule: str = "squaredcos_cap_v2",
    ):
        super().__init__()
        scheduler = DDPMScheduler(num_train_timesteps, beta_start, beta_end, beta_schedule)
        alphas_cumprod = scheduler.alphas_cumprod.double()
        self.sigmas = (1 / alphas_cumprod - 1).sqrt()  # no buffer: `to` would round them
        # A parameter, as a UNet has them.
        self.centre = torch.nn.Parameter(torch.tensor(float(mean)))
        self.calls = []

    def forward(self, sample, timestep, class_labels=None, return_dict=True):
        self.calls.append(_noted(self, sample, timestep))
        alpha_bar = self.alpha_bar(timestep).to(sample).view(-1, *[1] * (sample.ndim - 1))
        distance = sample - alpha_bar.sqrt() * self.centre.to(sample)
        variance = alpha_bar * self.config.std**2 + 1 - alpha_bar
        noise = (1 - alpha_bar).sqrt() * distance / variance
        return UNet2DOutput(sample=noise) if return_dict else (noise,)

    def alpha_bar(self, timestep) -> torch.Tensor:
        """How much of the picture is left at these timesteps, (count,) float64."""
        timesteps = torch.as_tensor(timestep).cpu().double().reshape(-1)
        below = timesteps.floor().long().clamp(0, len(self.sigmas) - 1)
        above = (below + 1).clamp(max=len(self.sigmas) - 1)
        sigma = torch.lerp(self.sigmas[below], self.sigmas[above], timesteps - below)
        return 1 / (1 + sigma**2)


class Interruption(Exception):
    """What ends a training as a power cut would: a `CallLog` at its limit, a `FusedUNet`."""


class FusedUNet(RecordingUNet):
    """A RecordingUNet whose weights can be written once: the second time, the power fails midway.

    It raises Interruption where the buffer `fuse` of its state is pickled, as by `torch.save`.
    """

    @functools.wraps(UNet2DModel.__init__)
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        _Fuse.written = 0
        self.register_buffer("fuse", torch.zeros(1).as_subclass(_Fuse))


class _Fuse(torch.Tensor):
    """Writes itself as a plain tensor, once in the life of a model.

    written  how often that was so far: one for all, since what is written is a copy
    """

    written = 0

    def __deepcopy__(self, memo):
        return self.clone()

    def __reduce_ex__(self, protocol):
        _Fuse.written += 1
        if _Fuse.written > 1:
            raise Interruption("the power failed while the weights were written")
        return self.as_subclass(torch.Tensor).__reduce_ex__(protocol)


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


ONE_LEVEL = {  # for a `tiny_unet` without a middle: a third of the layers, of the same kinds
    "block_out_channels": (8,),
    "down_block_types": ("DownBlock2D",),
    "mid_block_type": None,
    "up_block_types": ("UpBlock2D",),
}


def tiny_unet(
    sample_size: int = 8, seed: int = 0, kind: type[RecordingUNet] = RecordingUNet, **config
) -> RecordingUNet:
    """A recording UNet of some 40,000 parameters for (B, 3, sample_size, sample_size) pictures."""
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
        return kind(**options)


def _noted(model: torch.nn.Module, sample: torch.Tensor, timestep) -> dict:
    """What a forward pass was shown, and in which mode the model was."""
    if isinstance(timestep, torch.Tensor):
        timestep = timestep.detach().clone()
    return {
        "sample": sample.detach().clone(),
        "timestep": timestep,
        "training": model.training,
        "on_graph": sample.requires_grad,
    }
