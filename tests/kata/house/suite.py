"""A small suite for the tests of the tooling; the real one is tests/02_training."""

import pytest
import torch
from diffusers import DDPMScheduler

from kata import draw, expect


@pytest.fixture
def scheduler():
    return DDPMScheduler(beta_schedule="squaredcos_cap_v2")


@pytest.mark.points(2)
def test_the_noise_is_standard_normal(exercise, scheduler, rng):
    """The noise has mean 0, variance 1 and the shape of a bell."""
    images = draw.pictures(rng, 16, 16)
    result = exercise.corrupt(scheduler, images, torch.full((16,), 500))
    noisy, noise = expect.pair(result, "noisy_images, noise")
    expect.tensor(noisy, tuple(images.shape), torch.float32, name="noisy_images")
    expect.standard_normal(noise, "the noise")


def test_every_picture_gets_the_noise_of_its_own_timestep(exercise, scheduler, rng):
    """Each picture is corrupted as far as its own timestep says."""
    images, timesteps = draw.pictures(rng, 4, 8), torch.tensor([5, 200, 700, 999])
    noisy, noise = expect.pair(exercise.corrupt(scheduler, images, timesteps), "noisy, noise")
    expected = scheduler.add_noise(images, noise, timesteps)
    expect.close(noisy, expected, 1e-4, "noisy_images", "One timestep for the batch.")


def test_the_clean_pictures_stay_as_they_were(exercise, scheduler, rng):
    """Whoever calls still has the clean pictures afterwards."""
    pair = exercise.corrupt(scheduler, draw.pictures(rng, 2, 8), torch.tensor([1, 999]))
    expect.pair(pair, "noisy_images, noise")
    expect.unchanged(exercise.last)


@pytest.mark.parametrize("count", [2, 8])
def test_the_ladder_starts_with_the_clean_pictures(exercise, scheduler, rng, count):
    """The first rung is timestep 0."""
    images = draw.pictures(rng, 2, 8)
    ladder = exercise.noise_ladder(scheduler, images, count)
    expect.tensor(ladder, (count, *images.shape), torch.float32, name="the ladder")
    expect.close(ladder[0], images, 0.1, "the first rung", "The ladder begins with noise.")
