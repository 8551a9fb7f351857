"""The oracle is right where right can be computed otherwise."""

import pytest
import torch
from diffusers import DDIMScheduler, DDPMPipeline, DDPMScheduler

from kata.crossing import pack, unpack
from kata.probes import GaussianUNet

MEAN, STD = 0.3, 0.4


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def oracle():
    return GaussianUNet(mean=MEAN, std=STD)


@pytest.mark.parametrize("timestep", [0, 300, 999])
def test_no_linear_prediction_of_the_noise_is_better(oracle, timestep):
    """The error of the best linear prediction is uncorrelated with what it is made from."""
    scheduler = DDPMScheduler(beta_schedule="squaredcos_cap_v2")
    added = noise(400, 3, 16, 16, seed=1)
    timesteps = torch.full((400,), timestep)
    noisy = scheduler.add_noise(MEAN + STD * noise(400, 3, 16, 16), added, timesteps)
    error = (added - oracle(noisy, timestep).sample).detach()
    count = error.numel()
    assert abs(error.mean()) < 6 * count**-0.5
    assert abs((error * (noisy - noisy.mean())).mean()) < 6 * count**-0.5


def test_each_picture_of_a_batch_has_a_timestep_of_its_own(oracle):
    noisy, timesteps = noise(2, 3, 8, 8), torch.tensor([10, 900])
    both = oracle(noisy, timesteps).sample
    for row in range(2):
        alone = oracle(noisy[row : row + 1], timestep=timesteps[row]).sample
        assert torch.allclose(both[row : row + 1], alone)


def test_between_two_timesteps_the_noise_level_is_interpolated(oracle):
    sigmas = [(1 / oracle.alpha_bar(t) - 1).sqrt().item() for t in (500, 500.25, 501)]
    assert sigmas[1] == pytest.approx(0.75 * sigmas[0] + 0.25 * sigmas[2])


def test_a_sampling_loop_lands_on_mean_and_deviation(oracle):
    scheduler = DDIMScheduler(beta_schedule="squaredcos_cap_v2", clip_sample=False)
    scheduler.set_timesteps(500)
    pictures = noise(64, 3, 8, 8)
    for t in scheduler.timesteps:
        with torch.no_grad():
            pictures = scheduler.step(oracle(pictures, t)[0], t, pictures).prev_sample
    assert pictures.mean().item() == pytest.approx(MEAN, abs=0.02)
    assert pictures.std().item() == pytest.approx(STD, abs=0.02)


def test_it_works_in_the_place_of_a_unet_and_crosses_with_its_memory(oracle):
    pipeline = DDPMPipeline(oracle, DDPMScheduler())
    pipeline.set_progress_bar_config(disable=True)
    assert len(pipeline(batch_size=2, num_inference_steps=3).images) == 2
    copy = unpack(pack(oracle))
    assert type(copy) is GaussianUNet
    assert [call["timestep"].item() for call in copy.calls] == [666, 333, 0]
    assert torch.equal(copy(noise(1, 3, 8, 8), 5).sample, oracle(noise(1, 3, 8, 8), 5).sample)
