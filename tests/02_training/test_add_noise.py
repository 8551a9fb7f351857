"""The forward process: x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) epsilon."""

import contextlib
import re

import pytest
import torch
from diffusers import DDPMScheduler

from kata import draw, expect
from kata.describe import describe
from kata.replay import rates
from kata.verdict import Wrong

# Of sqrt(alpha_bar) x + sqrt(1 - alpha_bar) e. In float32 1 - alpha_bar is rounded before its root
# is taken; in float16 alpha_bar, too, by up to 2^-12, whose root is 0.016, times noise of up to 6.
TOLERANCES = {torch.float64: 1e-4, torch.float32: 1e-4, torch.float16: 0.1}
AXES = ("pictures", "channels", "rows", "columns")


@pytest.fixture
def scheduler(rng):
    """More than 1000 timesteps, of which eight are never spread evenly without rounding.

    At the last one there is still a trace of the picture, so that one can tell that it is there.
    """
    length = 7 * int(torch.randint(160, 270, (1,), generator=rng)) + 4
    return DDPMScheduler(num_train_timesteps=length, beta_schedule="linear", beta_end=0.006)


def timesteps_between(scheduler, rng, low, high, count):
    """One timestep in each of `count` equal parts of [low, high] of the schedule, shuffled."""
    parts = torch.arange(count) + torch.rand(count, generator=rng)
    fractions = low + (high - low) * parts / count
    timesteps = (fractions * scheduler.config.num_train_timesteps).long()
    return timesteps[torch.randperm(count, generator=rng)]


def mixture(scheduler, images, noise, timesteps):
    signal, sigma = rates(scheduler, timesteps)
    return signal * images + sigma * noise


@contextlib.contextmanager
def numbers_for_timesteps_told():
    """Say what is missing where a number was given to `add_noise` in the place of timesteps."""
    try:
        yield
    except AttributeError as error:
        if not re.fullmatch("'(int|float|list|tuple)' object has no attribute 'to'", str(error)):
            raise
        raise Wrong(
            f"AttributeError: {error}",
            "tensors: pictures, noise, and timesteps with one for each picture",
            "`add_noise` moves its timesteps to the pictures' device by `.to`, which only a tensor "
            "has: `torch.full((B,), t)` is t for each of B pictures.",
        ) from error


def corrupted(exercise, scheduler, images, timesteps, **keywords):
    """Call the learner's function; what came back is noise, and the pictures mixed with it."""
    with numbers_for_timesteps_told():
        result = exercise.corrupt(scheduler, images, timesteps, **keywords)
    noisy, noise = expect.pair(result, "noisy_images, noise")
    for name, value in [("noise", noise), ("noisy_images", noisy)]:
        expect.tensor(value, tuple(images.shape), name=name)
        untold = value.dtype == torch.float32 != images.dtype
        hint = "Without `dtype` random numbers are float32." if untold else ""
        expect.tensor(value, tuple(images.shape), images.dtype, name=name, hint=hint)
    in_double = (value.cpu().double() for value in (noisy, noise, images))
    check_mixture(*in_double, scheduler, timesteps.cpu(), TOLERANCES[images.dtype])
    check_noise(noise, "the noise")
    return noisy, noise


def check_mixture(noisy, noise, images, scheduler, timesteps, tolerance):
    """The noisy pictures are the mixture of pictures and noise that the timesteps ask for."""
    right = mixture(scheduler, images, noise, timesteps)
    is_right = (noisy - right).abs().max().item() <= tolerance
    expect.close(
        noisy,
        right,
        tolerance,
        "noisy_images",
        "" if is_right else _mixture_hint(noisy, noise, scheduler, images, timesteps),
        "sqrt(alpha_bar_t) * clean + sqrt(1 - alpha_bar_t) * noise, picture i at t = timesteps[i]",
    )


def check_noise(noise, name):
    """It is no constant. Whether it is standard normal is a question of its own."""
    spread = noise.double().std().item()
    seen = f"{name} is {describe(noise)}, of deviation {spread:.2g}"
    expect.that(spread > 0.01, seen, "noise", "This is no noise at all.")


def _mixture_hint(noisy, noise, scheduler, images, timesteps):
    """The slip that gives these very pictures."""
    signal, sigma = rates(scheduler, timesteps)
    mixed_in = (noisy - signal * images) / sigma
    looks_right = abs(mixed_in.square().mean().item() - 1) < 0.1
    if looks_right and torch.allclose(noisy - images, noise, atol=1e-4):
        return "What is returned is the difference of the pictures, not the noise that was drawn."
    slips = _mistaken_mixtures(noise, scheduler, images, timesteps)
    if hint := expect.misconception(noisy, slips):
        return hint
    if looks_right and (mixed_in * noise).mean().abs().item() < 0.2:
        return "Another noise was mixed in than the one that is returned: draw it once."
    return _blend_hint(noisy - images, noise - images)


def _blend_hint(way, whole_way):
    """Whether each picture went a share of the straight way to the noise, as `lerp` goes."""
    share = (way * whole_way).sum((1, 2, 3)) / whole_way.square().sum((1, 2, 3))
    if torch.allclose(way, share.view(-1, 1, 1, 1) * whole_way, atol=1e-4):
        return "The two rates sum to one, as in `torch.lerp`; it is their squares that must."
    return ""


def _mistaken_mixtures(noise, scheduler, images, timesteps):
    """What well-known slips make of pictures and noise: {slip: noisy pictures}."""
    signal, sigma = rates(scheduler, timesteps)
    alpha = scheduler.alphas[timesteps].view(-1, 1, 1, 1)
    slips = {}
    slips["Noise was added to the whole picture: it must fade as noise grows."] = images + noise
    slips["The picture keeps its strength: its rate sqrt(alpha_bar) is missing."] = (
        images + sigma * noise
    )
    slips["The order of the two is swapped: `return noisy_images, noise`."] = (
        noise - signal * images
    ) / sigma
    slips["Pictures and noise changed places: first comes what is to be corrupted."] = (
        signal * noise + sigma * images
    )
    slips["A missing square root: the rates are sqrt(alpha_bar) and sqrt(1 - alpha_bar)."] = (
        signal**2 * images + sigma**2 * noise
    )
    slips["alpha_t stands for alpha_bar_t, the product of all alphas up to t."] = (
        alpha.sqrt() * images + (1 - alpha).sqrt() * noise
    )
    slips["Noisy pictures do not stay within [-1, 1]; they must not be clamped."] = (
        signal * images + sigma * noise
    ).clamp(-1, 1)
    slips["These are the clean pictures."] = images
    slips["The noise is returned in both places."] = noise
    for place, name in [(0, "first"), (-1, "last")]:
        one = timesteps[place].expand_as(timesteps)
        slips[f"All pictures are mixed for the {name} timestep: pass the whole `timesteps`."] = (
            mixture(scheduler, images, noise, one)
        )
    return slips


@pytest.mark.points(2)
def test_noisy_pictures_are_the_mixture_of_the_returned_noise(exercise, scheduler, rng):
    """The noisy pictures are the clean ones mixed with the noise that is returned."""
    images = draw.pictures(rng, 8, 16)
    timesteps = timesteps_between(scheduler, rng, 0.2, 0.8, 1).repeat(8)
    corrupted(exercise, scheduler, images, timesteps)


@pytest.mark.points(2)
def test_every_picture_gets_the_noise_of_its_own_timestep(exercise, scheduler, rng):
    """A batch mixes noise levels: each picture is corrupted as far as its own timestep says."""
    images = draw.pictures(rng, 6, 16)
    corrupted(exercise, scheduler, images, timesteps_between(scheduler, rng, 0, 1, 6))


@pytest.mark.points(2)
def test_the_noise_is_standard_normal(exercise, scheduler, rng):
    """The noise has mean 0, variance 1 and the shape of a bell."""
    images = draw.pictures(rng, 16, 32)
    timesteps = timesteps_between(scheduler, rng, 0, 1, 16)
    expect.standard_normal(corrupted(exercise, scheduler, images, timesteps)[1], "the noise")


def test_every_picture_and_channel_has_noise_of_its_own(exercise, scheduler, rng):
    """Noise is drawn for each number: no pictures, channels, rows or columns share it."""
    images = draw.pictures(rng, 8, 16)
    timesteps = timesteps_between(scheduler, rng, 0, 1, 8)
    expect.independent(corrupted(exercise, scheduler, images, timesteps)[1], AXES, "the noise")


def test_each_call_draws_new_noise(exercise, scheduler, rng):
    """Two calls give two noises."""
    images, timesteps = draw.pictures(rng, 2, 16), timesteps_between(scheduler, rng, 0, 1, 2)
    first, second = (corrupted(exercise, scheduler, images, timesteps)[1] for _ in range(2))
    expect.that(
        not torch.equal(first, second),
        "two calls without a generator gave the same noise",
        "new noise at each call",
        "A seed of the function's own: every step of a training would see the same.",
    )


def test_the_noise_comes_from_the_generator(exercise, scheduler, rng, seed):
    """With a generator, its state decides."""
    images, timesteps = draw.pictures(rng, 2, 16), timesteps_between(scheduler, rng, 0, 1, 2)

    def noise(generator):
        return corrupted(exercise, scheduler, images, timesteps, generator=generator)[1]

    expect.drawn_from_generator(noise, seed, "noise")


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16], ids=["double", "half"])
def test_noise_has_the_precision_of_the_pictures(exercise, scheduler, rng, dtype):
    """Pictures in double or half precision get noise of their kind and stay what they are."""
    images = draw.pictures(rng, 2, 16).to(dtype)
    corrupted(exercise, scheduler, images, timesteps_between(scheduler, rng, 0, 1, 2))


def test_noise_lies_on_the_device_of_the_pictures(exercise, scheduler, rng):
    """Pictures on another device get their noise there."""
    images, timesteps = draw.pictures(rng, 2, 16), timesteps_between(scheduler, rng, 0, 1, 2)
    corrupted(exercise, scheduler, images, timesteps)
    images = images.to("meta")
    result = expect.on_meta(lambda: exercise.corrupt(scheduler, images, timesteps), "pictures")
    if result is not None:
        check_on_meta(*expect.pair(result, "noisy_images, noise"))


def check_on_meta(*values):
    for value in values:
        expect.that(
            getattr(value, "is_meta", False),
            f"of pictures on the device meta came {describe(value)}",
            "tensors on the pictures' device",
        )


def test_the_clean_pictures_stay_as_they_were(exercise, scheduler, rng):
    """Whoever calls still has pictures and timesteps afterwards."""
    images = draw.pictures(rng, 4, 16)
    corrupted(exercise, scheduler, images, timesteps_between(scheduler, rng, 0, 1, 4))
    expect.unchanged(exercise.last)


def climbed(exercise, scheduler, images, count, **keywords):
    """Call the learner's function; what came back are the pictures as one noise drowns them."""
    with numbers_for_timesteps_told():
        ladder = exercise.noise_ladder(scheduler, images, count, **keywords)
    expect.tensor(ladder, name="the ladder")
    turned = tuple(ladder.shape) == (len(images), count, *images.shape[1:])
    hint = "The rungs come first: `torch.stack` puts its new axis in front." if turned else ""
    expect.tensor(ladder, (count, *images.shape), name="the ladder", hint=hint)
    untold = ladder.dtype == torch.float32 != images.dtype
    hint = "Without `dtype` random numbers are float32." if untold else ""
    expect.tensor(ladder, dtype=images.dtype, name="the ladder", hint=hint)
    check_ladder(ladder.cpu().double(), images.cpu().double(), scheduler, TOLERANCES[images.dtype])
    return ladder


def check_ladder(ladder, images, scheduler, tolerance):
    """The rungs are spread evenly over the timesteps, and one noise grows on all of them."""
    count = len(ladder)
    timesteps = rung_timesteps(scheduler, count)
    off = (ladder - explained(ladder, scheduler, images, timesteps)).abs().amax((1, 2, 3, 4))
    worst = int(off.argmax())
    is_right = off.max().item() <= tolerance  # also where `linspace` rounds otherwise
    expect.that(
        is_right,
        f"rung {worst} of {count} is off by up to {off[worst]:.3g} from the pictures at timestep "
        f"{timesteps[worst]} with the noise of the last rung",
        f"one noise on all rungs, at timesteps {timesteps.tolist()}",
        "" if is_right else _ladder_hint(ladder, scheduler, images, timesteps),
    )
    check_noise(mixed_in(ladder[-1], scheduler, images, timesteps[-1]), "the ladder's noise")


def rung_timesteps(scheduler, count):
    return torch.linspace(0, scheduler.config.num_train_timesteps - 1, count).long()


def mixed_in(rung, scheduler, images, timestep):
    """The noise that explains a rung, were it mixed for this timestep."""
    signal, sigma = rates(scheduler, timestep[None])
    return (rung - signal * images) / sigma


def explained(ladder, scheduler, images, timesteps):
    """What the rungs should be at these timesteps, with the noise that the noisiest one shows."""
    noisiest = int(timesteps.argmax())
    noise = mixed_in(ladder[noisiest], scheduler, images, timesteps[noisiest])
    return torch.stack([mixture(scheduler, images, noise, t[None]) for t in timesteps])


@pytest.mark.points(2)
@pytest.mark.parametrize("count", [2, 8])
def test_the_ladder_runs_from_clean_to_noise(exercise, scheduler, rng, count):
    """The rungs are spread evenly over the timesteps, and one noise grows on all of them."""
    images = draw.pictures(rng, 3, 16)
    climbed(exercise, scheduler, images, count)


def _ladder_hint(ladder, scheduler, images, timesteps):
    """The slip that gives this very ladder."""
    if torch.equal(ladder[0], ladder[-1]):
        return "The first rung and the last are the same: each is mixed at its own timestep."
    count, last = len(timesteps), int(timesteps[-1])
    slips = {
        "The timesteps run downwards: the first rung is the clean one.": timesteps.flip(0),
        "The number 999 is written into the function.": torch.linspace(0, 999, count).long(),
        "Equal steps from 0 that end before the last timestep: `linspace` includes its end.": (
            torch.arange(count) * ((last + 1) // count)
        ),
        "The first rung is timestep 0.": torch.linspace(1, last, count).long(),
        "Rounded to the nearest timestep, not down.": torch.linspace(0, last, count).round().long(),
    }
    for hint, slip in slips.items():
        if expect.misconception(ladder, {hint: explained(ladder, scheduler, images, slip)}):
            return hint
    noise = torch.stack(
        [
            mixed_in(rung, scheduler, images, timestep)
            for rung, timestep in zip(ladder, timesteps, strict=True)
        ]
    ).flatten(1)
    related = (noise @ noise.T / noise.shape[1]).fill_diagonal_(0)
    if (noise.square().mean(1) - 1).abs().max() < 0.2 and related.abs().max() < 0.2:
        return "Each rung has a noise of its own: draw it once, before the rungs."
    return _top_hint(ladder, scheduler, images, timesteps)


def _top_hint(ladder, scheduler, images, timesteps):
    """The slip that shows where rungs were put on rungs, or where the last one is another thing."""
    if len(timesteps) == 2:
        return ""  # too few rungs to tell
    pairs = zip(ladder, ladder[1:], timesteps[1:], strict=False)
    added = torch.stack([mixed_in(rung, scheduler, below, t) for below, rung, t in pairs])
    strength = added.square().mean((1, 2, 3, 4))
    if (strength - 1).abs().max() < 0.1:
        return "Each rung is made of the one below; make each of the clean pictures."
    hint = "All rungs but the last fit: it too is a mixture, with a trace of the picture."
    return expect.misconception(
        ladder[:-1], {hint: explained(ladder[:-1], scheduler, images, timesteps[:-1])}
    )


def test_the_ladders_noise_is_standard_normal(exercise, scheduler, rng):
    """What drowns the pictures is standard normal noise, for each number its own."""
    images = draw.pictures(rng, 16, 32)
    ladder = climbed(exercise, scheduler, images, 2)
    noise = mixed_in(ladder[-1], scheduler, images, rung_timesteps(scheduler, 2)[-1])
    expect.independent(noise, AXES, "the ladder's noise")
    expect.standard_normal(noise, "the ladder's noise")


def test_the_ladder_draws_from_its_generator(exercise, scheduler, rng, seed):
    """With a generator, its state decides how the pictures drown."""
    images = draw.pictures(rng, 2, 16)

    def last_rung(generator):
        return climbed(exercise, scheduler, images, 2, generator=generator)[-1]

    expect.drawn_from_generator(last_rung, seed, "noise")


def test_each_ladder_has_new_noise(exercise, scheduler, rng):
    """Two calls give two noises."""
    images = draw.pictures(rng, 2, 16)
    first, second = (climbed(exercise, scheduler, images, 2) for _ in range(2))
    expect.that(
        not torch.equal(first, second),
        "two calls without a generator gave the same ladder",
        "new noise at each call",
        "A seed of the function's own decides when no generator is given.",
    )


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16], ids=["double", "half"])
def test_the_ladder_has_the_precision_of_the_pictures(exercise, scheduler, rng, dtype):
    """Pictures in double or half precision drown in noise of their kind."""
    climbed(exercise, scheduler, draw.pictures(rng, 2, 16).to(dtype), 3)


def test_the_ladder_lies_on_the_device_of_the_pictures(exercise, scheduler, rng):
    """Pictures on another device get their noise there, and their ladder."""
    images = draw.pictures(rng, 2, 16)
    climbed(exercise, scheduler, images, 3)
    images = images.to("meta")
    with numbers_for_timesteps_told():
        ladder = expect.on_meta(lambda: exercise.noise_ladder(scheduler, images, 3), "pictures")
    if ladder is not None:
        check_on_meta(ladder)


def test_the_ladder_leaves_its_pictures_as_they_were(exercise, scheduler, rng):
    """Whoever calls still has the clean pictures afterwards."""
    climbed(exercise, scheduler, draw.pictures(rng, 2, 16), 3)
    expect.unchanged(exercise.last)


@pytest.mark.gpu
def test_noise_is_drawn_where_the_pictures_lie(exercise, scheduler, rng):
    """On a GPU, in half precision, the noise has the device and the dtype of the pictures."""
    images = draw.pictures(rng, 4, 16).to("cuda", torch.float16)
    timesteps = timesteps_between(scheduler, rng, 0, 1, 4).to("cuda")
    generator = torch.Generator("cuda").manual_seed(1)
    for value in corrupted(exercise, scheduler, images, timesteps, generator=generator):
        expect.that(value.is_cuda, f"a tensor on {value.device}", "tensors on the pictures' device")
    ladder = climbed(exercise, scheduler, images, 3)
    expect.that(ladder.is_cuda, f"a ladder on {ladder.device}", "a ladder on the pictures' device")
