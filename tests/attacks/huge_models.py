"""Have the judge build models and schedulers of terabytes from a configuration."""

from secrets import choice

import kata.crossing

CLASS = "answers that choke the judge"
TREE = kata.crossing._Packer.tree


class Raw:
    """What crosses as the very tree that it holds."""

    def __init__(self, tree):
        self.tree = tree


kata.crossing._Packer.tree = lambda packer, value: (
    value.tree if isinstance(value, Raw) else TREE(packer, value)
)


def pairs(config):
    return {"kind": "dict", "items": [[key, value] for key, value in config.items()]}


def model(name, config):
    weights = {"weights": 0, "gradients": 0, "flags": pairs({})}
    return {"kind": "model", "name": name, "config": pairs(config), **weights}


def scheduler(name, config):
    return {"kind": "scheduler", "name": name, "config": pairs(config), "state": pairs({})}


WIDE = {"kind": "list", "items": [10**6] * 4}
FORGED = (
    model("UNet2DModel", {"sample_size": 64, "block_out_channels": WIDE}),
    model("UNet2DModel", {"layers_per_block": 10**6}),
    model("UNet2DConditionModel", {"cross_attention_dim": 10**9}),
    model("AutoencoderKL", {"latent_channels": 10**7, "block_out_channels": WIDE}),
    scheduler("DDPMScheduler", {"num_train_timesteps": 10**10}),
    scheduler("DDIMScheduler", {"num_train_timesteps": 2 * 10**9}),
    scheduler("DPMSolverMultistepScheduler", {"num_train_timesteps": 10**10}),
    scheduler("KarrasVeScheduler", {"num_train_timesteps": 10**10}),
)


def attack(name, /, *args, **kwargs):
    return Raw(choice(FORGED))
