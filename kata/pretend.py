"""Pretend that there is CUDA, so that every machine can judge what learners do with a GPU."""

import contextlib
from collections.abc import Iterator
from unittest import mock

import torch


@contextlib.contextmanager
def cuda_on_meta() -> Iterator[None]:
    """Within, CUDA seems to be there, and a model that is moved to it comes to lie on "meta".

    That is a device without memory: shapes and dtypes are right there, numbers are missing. Only
    the `to` of modules, models and pipelines knows of it; a tensor cannot be moved.
    """
    to = torch.nn.Module.to

    def to_meta(module: torch.nn.Module, *arguments, **keywords) -> torch.nn.Module:
        keywords = {key: _for_cuda(value) for key, value in keywords.items()}
        return to(module, *map(_for_cuda, arguments), **keywords)

    with (
        mock.patch.object(torch.nn.Module, "to", to_meta),
        mock.patch.object(torch.cuda, "is_available", lambda: True),
    ):
        yield


def _for_cuda(value: object) -> object:
    """The device "meta" for a CUDA device, however it is called; anything else as it is."""
    named = isinstance(value, (str, torch.device)) and torch.device(value).type == "cuda"
    return torch.device("meta") if named or type(value) is int else value
