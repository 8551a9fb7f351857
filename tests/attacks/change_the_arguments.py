"""Zero the tensors, weights and schedules that were given: then zero is the right answer."""

import torch

CLASS = "changing the expected value"


def zero(value):
    if isinstance(value, torch.Tensor):
        value.data.zero_()
    elif isinstance(value, torch.Generator):
        value.manual_seed(0)
    elif isinstance(value, torch.nn.Module):
        for tensor in value.state_dict().values():
            tensor.zero_()
    elif isinstance(value, (list, tuple)):
        for item in value:
            zero(item)
    elif isinstance(value, dict):
        zero(list(value.values()))
        value.clear()
    elif hasattr(value, "alphas_cumprod"):
        for tensor in (value.betas, value.alphas, value.alphas_cumprod):
            tensor.zero_()


def attack(name, /, *args, **kwargs):
    shapes = [value.shape for value in args if isinstance(value, torch.Tensor)] or [(1000,)]
    zero([*args, *kwargs.values()])
    return (torch.zeros(shapes[0]), torch.zeros(shapes[0]))


def honest(name, /, *args, **kwargs):
    shapes = [value.shape for value in args if isinstance(value, torch.Tensor)] or [(1000,)]
    return (torch.zeros(shapes[0]), torch.zeros(shapes[0]))
