"""Replay: from what a model was shown follow the noise, the loss and what went wrong in mixing."""

import pytest
import torch
from diffusers import DDPMScheduler

from kata import draw, replay
from kata.probes import tiny_unet
from kata.verdict import Wrong

SCHEDULER = DDPMScheduler(num_train_timesteps=12, beta_start=0.02, beta_end=0.4)


@pytest.fixture
def clean(rng):
    return draw.pictures(rng, 32, 8)


@pytest.fixture
def noise(rng):
    return torch.randn(32, 3, 8, 8, generator=rng)


@pytest.fixture
def timesteps(rng):
    return torch.randint(0, 12, (32,), generator=rng)


def shown(clean, noisy, timesteps):
    call = {"sample": noisy, "timestep": timesteps}
    return replay.only_pass([call], clean, SCHEDULER)


def wrong(check, *arguments):
    with pytest.raises(Wrong) as caught:
        check(*arguments)
    return str(caught.value)


def test_noise_and_loss_follow_from_what_was_shown(clean, noise, timesteps):
    noisy = SCHEDULER.add_noise(clean, noise, timesteps)
    seen, model = shown(clean, noisy, timesteps), tiny_unet()
    assert torch.allclose(seen.noise, noise, atol=1e-5)
    assert torch.isclose(seen.loss(model), (model(noisy, timesteps).sample - noise).square().mean())
    replay.expect_draws(SCHEDULER, [seen])


@pytest.mark.parametrize(
    ("timesteps", "says"),
    [
        (3, "One timestep for the whole batch"),
        (torch.tensor([3]), "One timestep for the whole batch"),
        (torch.arange(4), "(32,)"),
        (torch.rand(32), "whole numbers"),
        (torch.arange(32), "in [0, 11]"),
    ],
)
def test_timesteps_that_are_none_are_named(clean, noise, timesteps, says):
    assert says in wrong(shown, clean, noise, timesteps)


def test_clean_pictures_are_named(clean, timesteps):
    assert "the clean pictures" in wrong(shown, clean, clean, timesteps)


@pytest.mark.parametrize("calls", [0, 2])
def test_the_number_of_calls_is_named(clean, calls):
    assert "called" in wrong(replay.only_pass, [{}] * calls, clean, SCHEDULER)


def test_timesteps_that_are_not_uniform_are_named(clean, noise):
    def passes(*batches):
        return [shown(clean, noise, timesteps) for timesteps in batches]

    def said(*batches):
        return wrong(replay.expect_timesteps, SCHEDULER, passes(*batches))

    def drawn(low, high):
        return [torch.randint(low, high, (32,)) for _ in range(20)]

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        replay.expect_timesteps(SCHEDULER, passes(*drawn(0, 12)))
        assert "no `- 1`" in said(*drawn(0, 11))
        assert "start at 0" in said(*drawn(1, 12))
        assert "uniform" in said(*drawn(0, 12), *drawn(0, 2))
        assert "very same" in said(*drawn(0, 12)[:1] * 20)
    assert "are all 5" in said(torch.full((32,), 5))


def test_the_wrong_mixture_is_named(clean, noise, timesteps):
    def said(noisy):
        return wrong(replay.expect_noise, SCHEDULER, [shown(clean, noisy, timesteps)])

    def mixed(noise, timesteps=timesteps):
        return SCHEDULER.add_noise(clean, noise, timesteps)

    signal, sigma = (rate.float() for rate in replay.rates(SCHEDULER, timesteps))
    assert "on top" in said(clean + noise)
    assert "changed places" in said(SCHEDULER.add_noise(noise, clean, timesteps))
    assert "square root" in said(signal**2 * clean + sigma**2 * noise)
    assert "at other timesteps" in said(mixed(noise, timesteps.flip(0)))
    assert "another scale" in said(mixed(noise / 2))
    assert "pictures share" in said(mixed(noise[:1].expand_as(noise)))
    assert "channels share" in said(mixed(noise[:, :1].expand_as(noise)))
