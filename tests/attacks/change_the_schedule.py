"""Send the scheduler back without any noise in it: then the clean pictures are the noisy ones."""

import torch

CLASS = "changing the expected value"


def attack(name, /, *args, **kwargs):
    for value in [*args, *kwargs.values()]:
        if hasattr(value, "alphas_cumprod"):
            value.alphas_cumprod = torch.ones_like(value.alphas_cumprod)
            value.alphas = torch.ones_like(value.alphas)
            value.betas = torch.zeros_like(value.betas)
            value.register_to_config(num_train_timesteps=1, prediction_type="sample")
    return honest(name, *args, **kwargs)


def honest(name, /, *args, **kwargs):
    """What is right where nothing is noisy."""
    tensors = [value for value in args if isinstance(value, torch.Tensor)]
    if tensors:
        return (tensors[0].clone(), torch.randn(tensors[0].shape))
    return (torch.ones(1000), torch.zeros(1000))
