"""The fixtures of every suite; from a path to a suite leads `kata/collecting.py`.

They live here and not under `tests/`, because `pytest exercises/...` never visits that folder.
"""

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")  # they would fill the failures
os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
os.environ.setdefault("DIFFUSERS_VERBOSITY", "error")  # so would advice on safety checkers

import pytest

pytest_plugins = ["kata.recording", "kata.reporting", "kata.collecting"]


@pytest.fixture
def seed(request) -> int:
    """The seed of everything that a test draws."""
    return request.config.getoption("kata_seed")


@pytest.fixture
def rng(seed):
    """A torch.Generator from which a test draws its inputs."""
    import torch

    return torch.Generator().manual_seed(seed)


@pytest.fixture
def exercise(request, seed):
    """The kata's functions, as the answer under judgement has written them."""
    from kata.exercise import Exercise

    answer = request.node.answer
    own_folder = "tmp_path" in request.fixturenames
    folder = request.getfixturevalue("tmp_path") if own_folder else None
    return Exercise(answer.kata, answer.worker(folder), seed, folder)
