"""A picture follows from its own seed, whatever else is in the batch."""

import contextlib
import copy

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler

from kata import expect
from kata.describe import describe
from kata.pipelines import keeps_its_parts, slips_told
from kata.probes import GaussianUNet
from kata.tiny_pipelines import plain_unet, unconditional
from kata.verdict import Wrong

STEPS = 6


# seeded_generators


def seeded(exercise, seeds, *arguments):
    """Call the learner's function and look at what came back: a list of generators."""
    result = exercise.seeded_generators(seeds, *arguments)
    hint = "Pipelines take a list of generators, and nothing else that holds several."
    expect.that(type(result) is not tuple, "the result is a tuple", "a list", hint)
    generators = expect.sequence(result, len(seeds), hint="One generator for each seed.")
    for number, generator in enumerate(generators):
        expect.that(
            isinstance(generator, torch.Generator),
            f"item {number} of the list is {describe(generator)}",
            "a torch.Generator",
            "`torch.manual_seed` sets the global state: `torch.Generator()` makes one of its own."
            if generator is None
            else "",
        )
    return generators


def fresh(seed):
    return torch.Generator().manual_seed(seed)


def states(generators):
    return [generator.get_state() for generator in generators]


def same_states(generators, seeds):
    return len(generators) == len(seeds) and all(
        torch.equal(one, other)
        for one, other in zip(states(generators), states(map(fresh, seeds)), strict=True)
    )


def drawn_seeds(rng, count):
    """Different seeds, small and large."""
    large = torch.randperm(2**10, generator=rng)[: count - 1] * 3001 + 7
    return [0, *large.tolist()]


def check_states(exercise, generators, seeds):
    """Each generator is in the state of a new one with its seed."""
    numbers = [i for i, seed in enumerate(seeds) if not same_states([generators[i]], [seed])]
    if numbers:
        seed = seeds[numbers[0]]
        raise Wrong(
            f"generator {numbers[0]}, of the seed {seed}, is in another state",
            f"the state of `torch.Generator().manual_seed({seed})`",
            _state_hint(exercise, generators, seeds),
        )


def _state_hint(exercise, generators, seeds):
    """The slip that leaves these very states."""
    slips = {
        "All are seeded by the last seed: is it one generator, in the list several times?": (
            seeds[-1:] * len(seeds)
        ),
        "All are seeded by the first seed: each needs its own.": seeds[:1] * len(seeds),
        "They are seeded by their places in the list.": list(range(len(seeds))),
        "The seeds are in another order than the one that was given.": sorted(seeds),
        "The seeds are in the reverse order.": seeds[::-1],
        "The seeds are cut off at 32 bits.": [seed % 2**32 for seed in seeds],
    }
    for hint, slip in slips.items():
        if same_states(generators, slip):
            return hint
    if [generator.initial_seed() for generator in generators] == seeds:
        return "The seeds are right, but numbers have been drawn already."
    one_state = len({tuple(state.tolist()) for state in states(generators)}) == 1
    if one_state and exercise.last.drew:
        return (
            "All are in one state, whatever the seeds are: is it the global generator, which "
            "`torch.manual_seed` returns?"
        )
    return "All are in one state, whatever the seeds are." if one_state else ""


@pytest.mark.points(2)
def test_each_generator_is_seeded_by_its_own_seed(exercise, rng):
    """There is a generator for each seed, in their order, from which nothing was drawn yet."""
    seeds = [*drawn_seeds(rng, 5)[::-1], 2**40 + 5]
    check_states(exercise, seeded(exercise, seeds), seeds)


def test_a_seed_may_come_twice(exercise, rng):
    """Equal seeds give generators in equal states, and not one that both share."""
    seed, other = drawn_seeds(rng, 3)[1:]
    seeds = [seed, other, seed]
    generators = seeded(exercise, seeds)
    check_states(exercise, generators, seeds)
    expect.that(
        generators[0] is not generators[2],
        f"for the seed {seed}, which comes twice, one generator that stands in the list twice",
        "a generator for each place: what one picture draws is missing to the other",
    )


def test_one_seed_is_a_list_of_one(exercise, rng):
    """For one seed there is a list, too."""
    seeds = drawn_seeds(rng, 2)[1:]
    check_states(exercise, seeded(exercise, seeds), seeds)


def test_generators_are_made_for_the_device(exercise, rng):
    """The generators draw on the device that is asked for."""
    seeds = drawn_seeds(rng, 3)
    check_states(exercise, seeded(exercise, seeds, "cpu"), seeds)
    try:
        result = exercise.seeded_generators(seeds, "meta")
    except (RuntimeError, ValueError):
        return  # torch has no generators there, and says so
    expect.that(
        False,
        f'{describe(result)} for the device "meta"',
        "the error of torch, which has no generators for that device",
        "`device` does not reach `torch.Generator(device)`.",
    )


def test_the_global_random_state_is_left_alone(exercise, rng):
    """Making generators neither draws from torch's global state nor sets it."""
    seeded(exercise, drawn_seeds(rng, 3))
    check_global_state(exercise)


def check_global_state(exercise):
    expect.that(
        not exercise.last.drew,
        "torch's global random state is another one after the call",
        "numbers from the generators alone",
        "`torch.manual_seed`, which returns the global generator, or a draw without a generator: "
        "whoever calls has their own plans with the global state.",
    )


# generate_each


@pytest.fixture(params=["ddpm", "ddim"])
def pipeline(request, rng):
    """An oracle for pixels whose mean and spread stay within what 8 bits can show."""
    mean, std = (torch.rand(2, generator=rng) * 0.2).tolist()
    scheduler = {"ddpm": DDPMScheduler, "ddim": DDIMScheduler}[request.param]
    return unconditional(
        GaussianUNet(mean, 0.3 + std, beta_schedule="linear"),
        scheduler(beta_schedule="linear", clip_sample=False),
    )


def painted(exercise, pipeline, seeds, steps=STEPS):
    """Call the learner's function and look at what came back: a list of RGB pictures.

    steps  how many are asked for, or None to leave the number out
    """
    pipeline.unet.calls = []
    keywords = {} if steps is None else {"num_inference_steps": steps}
    with slips_told(), tuples_told():
        result = exercise.generate_each(pipeline, seeds, **keywords)
    pictures = expect.sequence(result, len(seeds), "the result", "One picture for each seed.")
    side = pipeline.unet.config.sample_size
    for number, picture in enumerate(pictures):
        expect.image(picture, "RGB", (side, side), f"picture {number}")
    return pictures


@contextlib.contextmanager
def tuples_told():
    """Say what is missing where the pipeline takes several generators for one."""
    try:
        yield
    except AttributeError as error:
        if "'tuple' object has no attribute 'device'" not in str(error):
            raise
        raise Wrong(
            f"AttributeError: {error}",
            "a list of generators for the pipeline",
            "A tuple was given there: only a `list` is taken for several generators.",
        ) from error


def alone(pipeline, generator, steps=STEPS, count=1):
    """What the pipeline paints with this generator."""
    output = pipeline(batch_size=count, generator=generator, num_inference_steps=steps)
    return output.images


def equal(one, other):
    """Whether two pictures, or lists of them, are equal up to rounding.

    A batch of another size may round float32 otherwise, by a millionth or so: a number that lies on
    the border between two of the 256 values may then fall to the other side.
    """
    if isinstance(one, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return np.abs(np.asarray(one, int) - np.asarray(other, int)).max() <= 1


def check_pictures(pictures, exercise, pipeline, seeds, calls):
    """Picture i is the one that the pipeline paints alone from seed i.

    pipeline  a copy of the one that was handed over, made before the call
    calls     how often the model was called
    """
    wanted = [alone(pipeline, fresh(seed))[0] for seed in seeds]
    off = [number for number in range(len(seeds)) if not equal(pictures[number], wanted[number])]
    if off:
        number, seed = off[0], seeds[off[0]]
        raise Wrong(
            f"picture {number}, of the seed {seed}, is another one than this seed gives alone",
            f"the picture that the pipeline paints with `torch.Generator().manual_seed({seed})`",
            _steps_hint(calls, len(seeds))
            or _picture_hint(pictures, pipeline, seeds, wanted)
            or _global_hint(exercise),
        )


def expect_own(pictures, pipeline, seeds, steps=STEPS):
    """The pictures are those that the pipeline paints alone from each of these seeds."""
    wanted = [alone(pipeline, fresh(seed), steps)[0] for seed in seeds]
    expect.that(
        equal(list(pictures), wanted),
        "other pictures than the seeds give alone",
        "those of the seeds",
    )


def _steps_hint(calls, count):
    if calls in (STEPS, STEPS * count):
        return ""
    return (
        f"The model was called {calls} times for {STEPS} steps: is `num_inference_steps` handed on?"
    )


def _global_hint(exercise):
    hint = "Noise came from torch's global state, not from the generators: are they handed on?"
    return hint if exercise.last.drew else ""


def _picture_hint(pictures, pipeline, seeds, wanted):
    """The slip that paints these very pictures."""
    count = len(seeds)
    slips = {
        "Every picture comes from the first seed.": wanted[:1] * count,
        "Every picture comes from the last seed.": wanted[-1:] * count,
    }
    for place, seed in [("first", seeds[0]), ("last", seeds[-1])]:
        one = alone(pipeline, fresh(seed), count=count)
        several = alone(pipeline, [fresh(seed)] * count, count=count)
        slips[f"All draw from one generator, which the {place} seed has seeded."] = one
        slips[f"All draw in turns from one generator, which the {place} seed has seeded."] = several
    for hint, slip in slips.items():
        if equal(pictures, slip):
            return hint
    shuffled = all(any(equal(picture, one) for one in wanted) for picture in pictures)
    return "These are the pictures of the seeds, but in another order." if shuffled else ""


@pytest.mark.points(3)
def test_each_picture_is_that_of_its_own_seed(exercise, pipeline, rng):
    """In a batch, every picture is the one that its seed gives alone."""
    seeds, before = drawn_seeds(rng, 4)[::-1], copy.deepcopy(pipeline)
    pictures = painted(exercise, pipeline, seeds)
    check_pictures(pictures, exercise, before, seeds, len(pipeline.unet.calls))


@pytest.mark.points(2)
def test_neighbours_and_order_do_not_matter(exercise, pipeline, rng):
    """Some of the seeds, in another order, give the same pictures in that order."""
    seeds, before = drawn_seeds(rng, 4), copy.deepcopy(pipeline)
    pictures = painted(exercise, pipeline, seeds)
    some = painted(exercise, pipeline, [seeds[2], seeds[0]])
    expect.that(
        equal(some, [pictures[2], pictures[0]]),
        "the seeds of the pictures 2 and 0 give other pictures without their neighbours",
        "a picture that depends on its own seed alone",
    )
    different = not any(equal(pictures[0], other) for other in pictures[1:])
    expect.that(different, "different seeds gave the same picture", "a picture for each seed")
    expect_own(pictures, before, seeds)


def test_equal_seeds_give_equal_pictures(exercise, pipeline, rng):
    """A seed that comes twice gives the same picture twice."""
    (seed, other), before = drawn_seeds(rng, 3)[1:], copy.deepcopy(pipeline)
    pictures = painted(exercise, pipeline, [seed, other, seed])
    expect.that(
        equal(pictures[0], pictures[2]),
        f"two different pictures for the seed {seed}",
        "the same picture twice",
        "Do the two share one generator? Then the second draws what comes after the first.",
    )
    calls = len(pipeline.unet.calls)
    check_pictures(pictures, exercise, before, [seed, other, seed], calls)


@pytest.mark.points(2)
def test_the_pictures_are_painted_in_one_batch(exercise, pipeline, rng):
    """The model is shown all pictures at once, as often as there are steps."""
    seeds = drawn_seeds(rng, 5)
    seeds.append(seeds[1])
    before = copy.deepcopy(pipeline)
    pictures = painted(exercise, pipeline, seeds)
    shown = [len(call["sample"]) for call in pipeline.unet.calls]
    sizes = sorted(set(shown))
    hints = {
        "One call of the pipeline for each seed: `batch_size` and a list of generators need one.": (
            [1] * (6 * STEPS)
        ),
        "A seed that comes twice was painted once.": [5] * STEPS,
    }
    expect.that(
        shown == [6] * STEPS,
        f"{len(shown)} calls of the model, each with {' or '.join(map(str, sizes))} of 6 pictures",
        f"{STEPS} calls, each with all 6 pictures",
        next((hint for hint, slip in hints.items() if shown == slip), ""),
    )
    expect_own(pictures, before, seeds)


def test_without_a_number_there_are_fifty_steps(exercise, pipeline, rng):
    """`num_inference_steps` is 50 unless another number is asked for."""
    seeds, before = drawn_seeds(rng, 2), copy.deepcopy(pipeline)
    pictures = painted(exercise, pipeline, seeds, steps=None)
    count = len(pipeline.unet.calls)
    expect.that(count == 50, f"{count} steps", "50 steps, as the signature says")
    expect_own(pictures, before, seeds, steps=50)


def test_the_global_random_state_is_not_touched(exercise, pipeline, rng):
    """Painting neither draws from torch's global state nor sets it."""
    painted(exercise, pipeline, drawn_seeds(rng, 2))
    check_global_state(exercise)


def test_the_pipeline_keeps_its_parts(exercise, pipeline, rng):
    """Whoever calls has the same pipeline afterwards, and can go on training its model."""
    before = copy.deepcopy(pipeline)
    painted(exercise, pipeline, drawn_seeds(rng, 2))
    keeps_its_parts(pipeline, before)
    expect.autograd_left_on(exercise.last)


def test_it_paints_with_a_unet(exercise, rng):
    """The model may be a UNet, as that of the butterflies is."""
    pipeline = unconditional(plain_unet(), DDPMScheduler())
    seeds, before = drawn_seeds(rng, 2), copy.deepcopy(pipeline)
    pictures = painted(exercise, pipeline, seeds, steps=1)
    expect_own(pictures, before, seeds, steps=1)


@pytest.mark.gpu
def test_a_seed_means_the_same_picture_on_a_gpu(exercise, pipeline, rng):
    """The generators draw on the CPU, so that a GPU paints what the CPU paints."""
    seeds = drawn_seeds(rng, 2)
    here = painted(exercise, pipeline, seeds)
    there = painted(exercise, pipeline.to("cuda"), seeds)
    expect.that(equal(here, there), "other pictures on the GPU than on the CPU", "the same ones")


@pytest.mark.gpu
def test_generators_are_made_on_a_gpu(exercise, rng):
    """On a GPU the generators draw there."""
    for generator in seeded(exercise, drawn_seeds(rng, 2), "cuda"):
        expect.that(generator.device.type == "cuda", f"on {generator.device}", "on cuda")
