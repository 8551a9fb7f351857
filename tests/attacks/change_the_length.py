"""Send arguments back in other shapes, dtypes and lengths, so that nothing is left to compare."""

import torch

CLASS = "changing the expected value"


def attack(name, /, *args, **kwargs):
    for value in [*args, *kwargs.values()]:
        if isinstance(value, torch.Tensor):
            value.data = torch.empty(0, dtype=torch.bool)
        elif hasattr(value, "config") and hasattr(value, "timesteps"):
            value.timesteps = value.betas = value.alphas_cumprod = torch.empty(0)
            value.register_to_config(num_train_timesteps=0)
        elif isinstance(value, list):
            value.clear()
    return (torch.empty(0), torch.empty(0))
