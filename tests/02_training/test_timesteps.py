"""Timesteps: uniform and independent ones to train with, evenly spread ones to look at."""

import pytest
import torch
from diffusers import DDPMScheduler

from kata import expect
from kata.describe import describe
from kata.replay import ONE_FOR_ALL

MANY = 20_000  # draws for a statistical check
FROM_THE_SAMPLER = (
    "`scheduler.timesteps` is for sampling and holds but a few; how many there are to train with "
    "stands in `scheduler.config`."
)


def scheduler_between(rng, low, high):
    """A scheduler whose number of timesteps is drawn, and with which somebody has sampled already.

    Sampling leaves a few timesteps in `scheduler.timesteps`; the training still has all of them.
    """
    length = int(torch.randint(low, high, (1,), generator=rng))
    scheduler = DDPMScheduler(num_train_timesteps=length, beta_schedule="squaredcos_cap_v2")
    scheduler.set_timesteps(10)
    return scheduler


def length_of(scheduler):
    return scheduler.config.num_train_timesteps


def drawn(exercise, batch_size, scheduler, **keywords):
    """Call the learner's function; what came back are timesteps of the scheduler, of any size."""
    result = exercise.sample_timesteps(batch_size, scheduler, **keywords)
    expect.tensor(result, name="the result")
    hint = ""
    if result.numel() == 1 < batch_size:
        hint = ONE_FOR_ALL
    elif len(result.unique()) == result.numel() == length_of(scheduler):
        hint = "Every timestep was handed out once; `torch.randint` may draw one again."
    expect.tensor(result, (batch_size,), name="the result", hint=hint)
    expect.tensor(result, (batch_size,), torch.int64, name="the result", hint=_dtype_hint(result))
    check_range(result, scheduler)
    return result


def _dtype_hint(timesteps):
    if timesteps.is_floating_point():
        return "Timesteps look up entries of the schedule: whole numbers, `.long()`."
    return "`torch.int64`, also called `torch.long`, is what indexing takes."


def _range_hint(timesteps, scheduler):
    """The slip that so many draws give away by their range."""
    length, low, high = length_of(scheduler), timesteps.min().item(), timesteps.max().item()
    if low == high and len(timesteps) > 1:
        return ONE_FOR_ALL
    if set(timesteps.tolist()) <= set(scheduler.timesteps.tolist()):
        return FROM_THE_SAMPLER
    known = {
        (0, len(scheduler.timesteps) - 1): FROM_THE_SAMPLER,
        (1, length): "Timesteps count from 0 and not from 1: they are indices.",
        (0, length): "T is one too far: there are T timesteps, and the first is 0.",
        (0, length - 2): "T - 1 is never drawn: `torch.randint` leaves its upper bound out.",
        (1, length - 1): "Timestep 0 is never drawn.",
    }
    if high >= 998 > length:
        return "The number 1000 is written into the function; ask the scheduler's configuration."
    return known.get((low, high), "")


def check_range(timesteps, scheduler):
    """Each timestep is one of those that the scheduler trains with; many are small and large."""
    length, hint = length_of(scheduler), _range_hint(timesteps, scheduler)
    expect.tensor(timesteps, between=(0, length - 1), hint=hint)
    low, high = timesteps.min().item(), timesteps.max().item()
    # That 32 draws or more pass one half by happens by chance less than once in a billion.
    expect.that(
        len(timesteps) < 32 or low < length / 2 <= high,
        f"{len(timesteps)} timesteps from {low} to {high}, with T = {length}",
        f"timesteps from all of the schedule, 0 to {length - 1}",
        hint,
    )


def test_there_is_one_whole_number_for_each_picture(exercise, rng):
    """A batch gets a tensor of as many integers as it has pictures."""
    scheduler = scheduler_between(rng, 300, 900)
    for batch_size in (1, int(torch.randint(32, 65, (1,), generator=rng))):
        drawn(exercise, batch_size, scheduler)


@pytest.mark.points(2)
def test_all_timesteps_from_the_first_to_the_last_are_drawn(exercise, rng):
    """Timestep 0 and timestep T - 1 turn up, and nothing outside."""
    scheduler = scheduler_between(rng, 30, 60)
    length = length_of(scheduler)
    timesteps = drawn(exercise, MANY, scheduler)
    missing = length - len(timesteps[(timesteps >= 0) & (timesteps < length)].unique())
    # That one of 60 is missed by 20,000 right draws happens less than once in 10^100.
    expect.that(
        missing == 0 and timesteps.min() == 0 and timesteps.max() == length - 1,
        f"{len(timesteps.unique())} different timesteps from {timesteps.min()} to "
        f"{timesteps.max()} in {MANY} draws",
        f"all from 0 to {length - 1}, for T = {length}",
        _range_hint(timesteps, scheduler),
    )


@pytest.mark.points(2)
def test_all_timesteps_are_equally_likely(exercise, rng):
    """No noise level is trained more often than another."""
    scheduler = scheduler_between(rng, 30, 60)
    length = length_of(scheduler)
    timesteps = drawn(exercise, MANY, scheduler)
    counts = timesteps.bincount(minlength=length).double()
    quarters = [f"{share.sum() / MANY:.0%}" for share in counts.tensor_split(4)]
    sizes = [f"{len(part) / length:.0%}" for part in counts.tensor_split(4)]
    hint = _range_hint(timesteps, scheduler)
    if _fits_uniform(counts[1:-1]) and counts[[0, -1]].max() < 0.75 * MANY / length:
        hint = "0 and T - 1 come half as often as the others: rounding, where cutting off is meant."
    elif _evenness(counts) < 1e-7:
        hint = "They are spread more evenly than chance would: they were dealt out, not drawn."
    expect.that(
        _fits_uniform(counts),
        f"{MANY} draws fall on the four quarters of the schedule by {', '.join(quarters)}; "
        f"each timestep {counts.min():.0f} to {counts.max():.0f} times",
        f"by {', '.join(sizes)}; each about {MANY / length:.0f} times, give or take chance",
        hint,
    )


def _fits_uniform(counts):
    """Pearson's test, on both sides: a right answer fails once in five million times."""
    return 1e-7 < _evenness(counts) < 1 - 1e-7


def _evenness(counts):
    """The probability that chance alone spreads uniform draws more evenly than `counts`."""
    expected = counts.mean()
    chi_square = ((counts - expected) ** 2 / expected).sum()
    return torch.special.gammainc(torch.tensor((len(counts) - 1) / 2.0).double(), chi_square / 2)


@pytest.mark.points(2)
def test_each_picture_draws_for_itself(exercise, rng):
    """The timestep of one picture says nothing about that of another."""
    scheduler = scheduler_between(rng, 64, 100)
    timesteps = drawn(exercise, 64, scheduler)
    different = len(timesteps.unique())
    hint = ""
    if different == 1:
        hint = "One timestep for the whole batch: the loss then jumps with it from step to step."
    elif different == 64:
        hint = "Drawn without putting back, as `torch.randperm` does: no two can be equal."
    # 64 independent draws of 99 or fewer: all different with probability below 10^-10
    expect.that(
        1 < different < 64,
        f"{different} different timesteps among 64 pictures, with T = {length_of(scheduler)}",
        "independent draws: most differ, and a few are equal by chance",
        hint,
    )
    _check_pairs(drawn(exercise, MANY, scheduler), length_of(scheduler))


def _check_pairs(timesteps, length):
    """Pictures that lie side by side, half a batch apart, or mirrored have nothing in common."""
    centred = timesteps.double() - timesteps.double().mean()
    partners = {
        "side by side": centred.roll(1),
        "half a batch apart": centred.roll(MANY // 2),
        "as far from the start of the batch as from its end": centred.flip(0),
    }
    for where, partner in partners.items():
        correlation = ((centred * partner).mean() / centred.square().mean()).item()
        expect.that(
            abs(correlation) < 7 * (2 / MANY) ** 0.5,  # seven standard errors
            f"the timesteps of pictures {where} have correlation {correlation:.2f}",
            "independent draws: correlation 0",
        )
    counts = timesteps.bincount(minlength=length)
    # That 32 timesteps or more come exactly as often as their mirror images: less than 10^-40
    expect.that(
        not torch.equal(counts, counts.flip(0)),
        f"each timestep t comes exactly as often as T - 1 - t in {MANY} draws",
        "independent draws: about as often",
        "Drawn in opposite pairs: the timestep of one picture decides that of another.",
    )


def test_each_call_draws_anew(exercise, rng):
    """Two batches in a row get different timesteps."""
    scheduler = scheduler_between(rng, 300, 900)
    first, second = (drawn(exercise, 32, scheduler) for _ in range(2))
    expect.that(
        not torch.equal(first, second),
        "two calls without a generator gave the same timesteps",
        "new timesteps at each call",
        "A seed of the function's own: every step of a training would see the same.",
    )


def test_the_timesteps_come_from_the_generator(exercise, rng, seed):
    """With a generator, its state decides."""
    scheduler = scheduler_between(rng, 300, 900)

    def draw(generator):
        return drawn(exercise, 32, scheduler, generator=generator)

    expect.drawn_from_generator(draw, seed, "timesteps")


def test_they_are_drawn_on_the_cpu_and_moved_to_the_device(exercise, rng, seed):
    """`device` says where the timesteps are to lie, and the generator is one of the CPU."""
    scheduler = scheduler_between(rng, 300, 900)
    drawn(exercise, 32, scheduler)
    generator = torch.Generator().manual_seed(seed)
    before = generator.get_state()
    timesteps = expect.on_meta(
        lambda: exercise.sample_timesteps(8, scheduler, device="meta", generator=generator),
        "timesteps",
    )
    if timesteps is None:
        return
    expect.that(
        getattr(timesteps, "is_meta", False),
        f"asked for the device meta, the result is {describe(timesteps)}",
        "timesteps on `device`",
        "`.to(device)` moves a tensor; without it, it stays where it was made.",
    )
    expect.that(
        not torch.equal(generator.get_state(), before),
        "nothing was drawn from the generator, which is one of the CPU",
        "timesteps drawn on the CPU from `generator`, then moved to `device`",
        "With `device` given to the function that draws, it draws there: a GPU refuses this "
        "generator, or gives other timesteps for the same seed.",
    )


@pytest.mark.points(2)
@pytest.mark.parametrize("count", [2, 8])
def test_the_preview_spreads_evenly_from_first_to_last(exercise, rng, count):
    """The preview runs upwards in equal steps from 0 to T - 1."""
    length = 7 * int(torch.randint(50, 250, (1,), generator=rng)) + 4  # eight never fit evenly
    scheduler = DDPMScheduler(num_train_timesteps=length, beta_schedule="squaredcos_cap_v2")
    scheduler.set_timesteps(count)
    preview = exercise.preview_timesteps(count, scheduler)
    is_list = type(preview) in (list, tuple)
    hint = "`torch.tensor` makes a tensor of a list of numbers." if is_list else ""
    expect.tensor(preview, (count,), name="the preview", hint=hint)
    expect.tensor(preview, (count,), torch.int64, name="the preview", hint=_dtype_hint(preview))
    points = torch.arange(count, dtype=torch.float64) * (length - 1) / (count - 1)
    ends = preview[0] == 0 and preview[-1] == length - 1
    behind = points - preview
    rounding = 1e-3  # float32 may place a point that far from a whole number
    expect.that(
        bool(ends and (behind > -rounding).all() and (behind < 1 + rounding).all()),
        f"{preview.tolist()}",
        f"{points.long().tolist()}, from 0 to T - 1 = {length - 1}",
        _preview_hint(preview, count, scheduler),
    )


def _preview_hint(preview, count, scheduler):
    """The slip that gives this very preview."""
    last = length_of(scheduler) - 1
    slips = {
        "T is one too far: the last timestep is T - 1.": torch.linspace(0, last + 1, count),
        "Timesteps count from 0 to T - 1, not from 1 to T.": torch.linspace(1, last + 1, count),
        "The number 999 is written into the function.": torch.linspace(0, 999, count),
        "Equal steps from 0 that end before the last timestep: `linspace` includes its end.": (
            torch.arange(count) * ((last + 1) // count)
        ),
        "Rounded to the nearest, not down.": torch.linspace(0, last, count).round(),
        "They run downwards, as sampling does.": torch.linspace(0, last, count).long().flip(0),
        FROM_THE_SAMPLER: torch.linspace(0, len(scheduler.timesteps) - 1, count),
        "These are `scheduler.timesteps`, with which somebody samples.": scheduler.timesteps,
        "These are `scheduler.timesteps`, turned round.": scheduler.timesteps.flip(0),
    }
    return expect.misconception(preview, {slip: value.long() for slip, value in slips.items()})


@pytest.mark.gpu
def test_timesteps_lie_where_they_are_wanted(exercise, rng, seed):
    """On a GPU they lie on the GPU, and a generator gives the same ones as without it."""
    scheduler = scheduler_between(rng, 300, 900)
    here, there = (
        drawn(exercise, 32, scheduler, device=device, generator=torch.Generator().manual_seed(seed))
        for device in ("cpu", "cuda")
    )
    expect.that(there.is_cuda, f"timesteps on {there.device}", "timesteps on `device`, cuda:0")
    expect.that(
        torch.equal(here, there.cpu()),
        "one seed gives other timesteps on the GPU than on the CPU",
        "timesteps drawn on the CPU from the generator, then moved",
    )
