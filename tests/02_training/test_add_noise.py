"""The forward process: x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) epsilon."""

import pytest
import torch
from diffusers import DDPMScheduler

from kata import draw, expect


@pytest.fixture
def scheduler():
    return DDPMScheduler(num_train_timesteps=1000, beta_schedule="squaredcos_cap_v2")


def rates(scheduler, timesteps):
    """sqrt(alpha_bar) and sqrt(1 - alpha_bar), shaped to multiply a batch of pictures."""
    alpha_bar = scheduler.alphas_cumprod[timesteps].view(-1, 1, 1, 1)
    return alpha_bar.sqrt(), (1 - alpha_bar).sqrt()


def corrupted(exercise, scheduler, images, timesteps, **keywords):
    """Call the learner's function and look at what came back: type, shape, dtype."""
    result = exercise.corrupt(scheduler, images, timesteps, **keywords)
    noisy, noise = expect.pair(result, "noisy_images, noise")
    for name, value in [("noisy_images", noisy), ("noise", noise)]:
        expect.tensor(value, tuple(images.shape), images.dtype, name=name)
    return noisy, noise


@pytest.mark.points(2)
def test_noisy_pictures_are_the_mixture_of_the_returned_noise(exercise, scheduler, rng):
    """The noisy pictures are the clean ones mixed with the noise that is returned."""
    images = draw.pictures(rng, 8, 16)
    timesteps = torch.full((8,), int(torch.randint(100, 900, (1,), generator=rng)))
    noisy, noise = corrupted(exercise, scheduler, images, timesteps)
    signal, sigma = rates(scheduler, timesteps)
    hint = "The noise that is returned must be the very one that was mixed in, not a second draw."
    if torch.allclose(noisy, images + noise, atol=1e-4):
        hint = "Noise was added to the whole picture: the picture must fade as the noise grows."
    elif torch.allclose(noisy, noise, atol=1e-6):
        hint = "The order of the two is swapped: first the noisy pictures, then the noise."
    elif torch.allclose(signal * noise + sigma * noisy, images, atol=1e-4):
        hint = "The order of the two is swapped: `return noisy_images, noise`."
    elif torch.allclose(noisy, signal * noise + sigma * images, atol=1e-4):
        hint = "Pictures and noise changed places in the call of `add_noise`."
    elif torch.allclose(noisy, signal**2 * images + sigma**2 * noise, atol=1e-4):
        hint = "A missing square root: the rates are sqrt(alpha_bar) and sqrt(1 - alpha_bar)."
    because = "sqrt(alpha_bar_t) * clean + sqrt(1 - alpha_bar_t) * noise (float32)"
    expect.close(noisy, signal * images + sigma * noise, 1e-5, "noisy_images", hint, because)


@pytest.mark.points(2)
def test_every_picture_gets_the_noise_of_its_own_timestep(exercise, scheduler, rng):
    """A batch mixes noise levels: each picture is corrupted as far as its own timestep says."""
    images = draw.pictures(rng, 6, 16)
    timesteps = torch.tensor([5, 200, 400, 600, 800, 999])[torch.randperm(6, generator=rng)]
    noisy, noise = corrupted(exercise, scheduler, images, timesteps)
    signal, sigma = rates(scheduler, timesteps)
    hint = "All pictures of the batch were given one timestep; pass the whole `timesteps`."
    because = "picture i is mixed by timesteps[i] (float32)"
    expect.close(noisy, signal * images + sigma * noise, 1e-5, "noisy_images", hint, because)


@pytest.mark.points(2)
def test_the_noise_is_standard_normal(exercise, scheduler, rng):
    """The noise has mean 0, variance 1 and the shape of a bell."""
    images = draw.pictures(rng, 16, 32)
    _, noise = corrupted(exercise, scheduler, images, torch.full((16,), 500))
    expect.standard_normal(noise, "the noise")


def test_every_picture_and_channel_has_noise_of_its_own(exercise, scheduler, rng):
    """No two pictures of a batch and no two channels of a picture share their noise."""
    images = draw.pictures(rng, 4, 16)
    _, noise = corrupted(exercise, scheduler, images, torch.full((4,), 500))
    rows = noise.flatten(0, 1).flatten(1)
    repeated = torch.cdist(rows, rows) + torch.eye(len(rows)) * 1e3
    expect.that(
        repeated.min().item() > 1e-3,
        "the same noise in two pictures or channels",
        "noise of the full shape (B, C, H, W), independent everywhere",
        "Noise of a smaller shape is broadcast over the batch or the channels.",
    )


def test_each_call_draws_new_noise(exercise, scheduler, rng):
    """Two calls give two noises; the same generator state gives the same."""
    images, timesteps = draw.pictures(rng, 2, 16), torch.tensor([300, 700])
    first, second = (corrupted(exercise, scheduler, images, timesteps)[1] for _ in range(2))
    expect.that(
        not torch.equal(first, second),
        "two calls without a generator gave the same noise",
        "new noise at each call",
        "A seed set inside the function makes every batch of a training equal.",
    )
    again = [
        corrupted(
            exercise, scheduler, images, timesteps, generator=torch.Generator().manual_seed(5)
        )[1]
        for _ in range(2)
    ]
    expect.that(
        torch.equal(*again),
        "two calls with equal generators gave different noise",
        "the noise is drawn from `generator`",
        "`randn_like` takes no generator; `torch.randn(shape, generator=generator)` does.",
    )


def test_the_clean_pictures_stay_as_they_were(exercise, scheduler, rng):
    """Whoever calls still has the clean pictures afterwards."""
    images = draw.pictures(rng, 4, 16)
    corrupted(exercise, scheduler, images, torch.tensor([1, 250, 500, 999]))
    expect.unchanged(exercise.last)


@pytest.mark.points(2)
@pytest.mark.parametrize("count", [2, 8])
def test_the_ladder_runs_from_clean_to_noise(exercise, scheduler, rng, count):
    """The rungs are spread evenly over the timesteps, the first and the last included."""
    images = draw.pictures(rng, 3, 16)
    ladder = exercise.noise_ladder(scheduler, images, count)
    expect.tensor(ladder, (count, *images.shape), torch.float32, name="the ladder")
    timesteps = torch.linspace(0, 999, count).long()
    first = rates(scheduler, timesteps[:1])[1]
    expect.that(
        (ladder[0] - images).abs().max().item() < 6 * first.item() + 0.01,
        "the first rung is not the clean pictures with next to no noise",
        "timestep 0 on the first rung",
        "The timesteps run from 0 upwards.",
    )
    signal, sigma = rates(scheduler, timesteps[-1:])
    noise = (ladder[-1] - signal * images) / sigma
    _check_rungs(ladder, images, noise, scheduler, timesteps)


def _check_rungs(ladder, images, noise, scheduler, timesteps):
    """Every rung is explained by the noise that the last rung shows."""
    for rung, timestep in zip(ladder, timesteps, strict=True):
        signal, sigma = rates(scheduler, timestep[None])
        expect.close(
            rung,
            signal * images + sigma * noise,
            1e-4,  # float32, after a division by sigma of the last rung, which is near 1
            f"the rung of timestep {timestep}",
            "One noise for all rungs, and timesteps that reach from 0 to num_train_timesteps - 1.",
            "the pictures mixed with the noise of the last rung",
        )


def test_the_ladder_draws_from_its_generator(exercise, scheduler, rng):
    """The ladder's noise is standard normal and comes from the generator."""
    images = draw.pictures(rng, 16, 32)
    one, two = (
        exercise.noise_ladder(scheduler, images, 2, generator=torch.Generator().manual_seed(3))
        for _ in range(2)
    )
    expect.tensor(one, (2, *images.shape), torch.float32, name="the ladder")
    expect.that(
        torch.equal(one, two),
        "equal generators gave different ladders",
        "the noise is drawn from `generator`",
    )
    signal, sigma = rates(scheduler, torch.tensor([999]))
    expect.standard_normal((one[-1] - signal * images) / sigma, "the ladder's noise")


@pytest.mark.gpu
def test_noise_is_drawn_where_the_pictures_lie(exercise, scheduler, rng):
    """On a GPU, in half precision, the noise has the device and the dtype of the pictures."""
    images = draw.pictures(rng, 4, 16).to("cuda", torch.float16)
    timesteps = torch.tensor([5, 100, 500, 999], device="cuda")
    _, noise = corrupted(exercise, scheduler, images, timesteps)
    expect.that(noise.is_cuda, f"noise on {noise.device}", "noise on the pictures' device")
