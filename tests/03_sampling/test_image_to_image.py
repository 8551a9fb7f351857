"""A walk that begins with a picture, or keeps to one: judged by what the model is shown on it."""

import contextlib
import copy

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler
from PIL import Image, ImageChops

from kata import draw, expect
from kata.describe import describe
from kata.pipelines import keeps_its_parts
from kata.pixels import to_tensor
from kata.probes import GaussianUNet, tiny_unet
from kata.replay import rates
from kata.tiny_pipelines import SMALLEST, unconditional
from kata.verdict import Wrong

SIZE = WIDTH, HEIGHT = 64, 48  # not a square; half of it are more than a thousand numbers
STEPS = 10
CUT_OFF = "Cut off, not rounded: `round()` before the conversion to whole numbers."
WALKED = {"edit": 0.5, "inpaint": 1.0}  # the share of the timesteps, where no more is said
BOTH = pytest.mark.parametrize("function", WALKED)


def make_pipeline(scheduler_class, rng):
    """An oracle for pixels of which some lie outside [-1, 1], so that clamping matters."""
    mean, std = (torch.rand(2, generator=rng) * 0.2).tolist()
    settings = {"beta_start": 0.001, "beta_end": 0.02, "beta_schedule": "linear"}
    scheduler = scheduler_class(**settings, clip_sample=False)
    scheduler.set_timesteps(4)  # those of an earlier picture
    return unconditional(GaussianUNet(mean, 0.5 + std, **settings), scheduler)


@pytest.fixture
def pipeline(rng):
    """One whose steps leave nothing to chance."""
    return make_pipeline(DDIMScheduler, rng)


@pytest.fixture
def image(rng):
    return draw.image(rng, *SIZE)


@pytest.fixture
def mask(rng):
    """Every grey value, of which half are to be painted; 127 and 128 are among them."""
    values = torch.arange(WIDTH * HEIGHT) % 256
    shuffled = values[torch.randperm(len(values), generator=rng)].to(torch.uint8)
    return Image.frombytes("L", SIZE, shuffled.numpy().tobytes())


def white(mask):
    """Where to paint, as a tensor (H, W) of truth values."""
    return torch.from_numpy(np.array(mask)) >= 128


def painted(exercise, function, pipeline, *arguments, **keywords):
    """Call the learner's function; return the picture and what the model was shown.

    The picture is an RGB image of the size of the one that was given. What the model was shown are
    samples (count, 3, H, W), of pictures one by one.

    pipeline  of which a copy is lent: what may become of that is not what the walk is judged by
    """
    pipeline.unet.calls = []
    lent = copy.deepcopy(pipeline)
    with expect.outputs_told(), slips_told():
        result = exercise.call(
            function, [lent, *arguments], {"num_inference_steps": STEPS, **keywords}
        )
    pipeline.unet.calls = lent.unet.calls
    size = arguments[0].size
    expect.image(result, "RGB", size, hint=_size_hint(result, size))
    shape = (1, 3, size[1], size[0])
    for call in pipeline.unet.calls:
        expect.tensor(call["sample"], shape, torch.float32, name="what the model was shown")
    samples = [call["sample"] for call in pipeline.unet.calls]
    return result, torch.cat(samples) if samples else torch.empty(0, *shape[1:])


def lent_in(call):
    """The pipeline that was lent for a call, in the state in which it came back."""
    return call.before[0]


def _size_hint(result, size):
    turned = isinstance(result, Image.Image) and result.size == size[::-1] != size
    return "Width and height are swapped: a PIL image is (H, W, 3) as an array." if turned else ""


@contextlib.contextmanager
def slips_told():
    """Say what is missing where the library or torch stumbles over a well-known slip."""
    told = {
        "object has no attribute 'to'": "`add_noise` wants timesteps in a tensor, as `t[None]` is.",
        "Can't call numpy() on Tensor that requires grad": (
            "The walk is on autograd's graph: sampling goes under `torch.no_grad()`."
        ),
    }
    try:
        yield
    except (AttributeError, TypeError, RuntimeError) as error:
        for text, hint in told.items():
            if text in str(error):
                raise Wrong(f"{type(error).__name__}: {error}", "a picture", hint) from error
        raise


def all_timesteps(pipeline, steps=STEPS):
    scheduler = copy.copy(pipeline.scheduler)
    scheduler.set_timesteps(steps)
    return scheduler.timesteps


def check_timesteps(pipeline, wanted, hints):
    """The model was shown one sample at each of these timesteps, in this order."""
    times = [
        torch.as_tensor(call["timestep"]).reshape(-1)[0].item() for call in pipeline.unet.calls
    ]
    expect.that(
        times == wanted.tolist(),
        f"the model was called {len(times)} times, at the timesteps {describe(times)}",
        f"one call at each of {describe(wanted.tolist())}",
        next((hint for hint, slip in hints.items() if times == slip.tolist()), ""),
    )


def step_hints(pipeline, strength, wanted):
    """The timesteps that well-known slips walk; those of right answers are left out."""
    every = all_timesteps(pipeline)
    count = len(wanted)
    hints = {
        "The last timesteps were asked for, and these are the first.": every[:count],
        "All steps are walked, whatever the strength.": every,
        "Strength is turned round: 1 is to walk all steps.": every[count:],
        "The number of steps was rounded: `int` cuts off.": every[
            STEPS - round(STEPS * strength) :
        ],
        "The timesteps are walked upwards.": wanted.flip(0),
        "These are timesteps of an earlier walk: `set_timesteps` comes first.": (
            all_timesteps(pipeline, 4)[4 - int(4 * strength) :]
        ),
        "The first timestep is left out.": wanted[1:],
        "The last timestep is left out.": wanted[:-1],
        "The number of steps left was given to `set_timesteps`, so they reach over all.": (
            all_timesteps(pipeline, max(count, 1))
        ),
    }
    return {hint: slip for hint, slip in hints.items() if not torch.equal(slip, wanted)}


def check_walk(pipeline, strength=1.0):
    """The model was asked at each of the last timesteps, as `strength` says; return these."""
    walked = all_timesteps(pipeline)[STEPS - int(STEPS * strength) :]
    check_timesteps(pipeline, walked, step_hints(pipeline, strength, walked))
    return walked


# edit


@pytest.mark.points(3)
@pytest.mark.parametrize("strength", [0.37, 0.75, 1.0])
def test_strength_says_how_many_of_the_last_steps_are_walked(exercise, pipeline, image, strength):
    """With strength s the model is asked at the last `int(steps * s)` timesteps, in their order."""
    painted(exercise, "edit", pipeline, image, strength)
    check_walk(pipeline, strength)


@pytest.mark.parametrize("strength", [0, 0.0, 0.09])
def test_without_a_step_the_picture_comes_back(exercise, pipeline, image, strength):
    """Where no step is left to walk, the picture is the one that was given, pixel for pixel."""
    result, shown = painted(exercise, "edit", pipeline, image, strength)
    expect.that(
        len(shown) == 0,
        f"with strength {strength} and {STEPS} steps the model was called {len(shown)} times",
        "no call: `int(steps * strength)` is 0",
        "All steps are walked: `timesteps[-0:]` is the whole list." if len(shown) == STEPS else "",
    )
    off = differences(result, image)
    expect.that(
        off.max() == 0,
        f"pixels that are off by up to {off.max()} of 255",
        "the picture, pixel for pixel",
        _cut_off_hint(result, image),
    )


def _cut_off_hint(result, image, where=...):
    """Whether the numbers are those of the picture, or one less."""
    less = (np.asarray(image, int) - np.asarray(result, int))[where]
    cut_off = less.min() == 0 and less.max() == 1
    return CUT_OFF if cut_off else ""


def differences(one, other):
    return np.abs(np.asarray(one, int) - np.asarray(other, int))


@pytest.mark.parametrize("strength", [-0.1, 1.01, 80])
def test_a_strength_outside_is_an_error(exercise, pipeline, image, strength):
    """A strength below 0 or above 1 raises a ValueError."""
    try:
        result = exercise.edit(pipeline, image, strength)
    except ValueError:
        return
    expect.that(False, f"{describe(result)} for strength {strength}", "a ValueError")


def check_signal(shown, tensor, wanted, slips, what):
    """What two walks of one noise were shown differs as the pictures do, times the signal rate.

    shown   what the model was shown of a picture, and of its negative
    tensor  the picture in [-1, 1]
    slips   what half the difference is by well-known slips: {hint: tensor}
    """
    found = (shown[0] - shown[1]).double() / 2
    expect.close(
        found,
        wanted * tensor.double(),
        1e-4,  # float32 of noise that cancels
        f"the picture's part in {what}",
        expect.misconception(found, slips),
        "sqrt(alpha_bar) times the picture in [-1, 1], by `add_noise`",
    )


def signal_slips(image, pipeline, walked):
    """What well-known slips make of the picture: {hint: its part in the first sample}."""
    tensor = to_tensor(image).double()
    first, other_rate = (rate.item() for rate in rates(pipeline.scheduler, walked[:1]))
    every = all_timesteps(pipeline)
    reshaped = torch.from_numpy(np.array(image)).reshape(tensor.shape).double() / 127.5 - 1
    slips = {
        "The walk begins with noise alone: the picture is not in it.": 0 * tensor,
        "The picture was left in [0, 1]; the model knows [-1, 1].": first * tensor / 2,
        "The picture was left in 0 to 255; the model knows [-1, 1].": first * tensor * 127.5,
        "Reshaped, not permuted: `permute(2, 0, 1)` moves the axes of (H, W, 3).": first * reshaped,
        "Noise was added to the whole picture: `add_noise` makes it fade as well.": tensor,
        "Picture and noise changed places in the call of `add_noise`.": other_rate * tensor,
        "The picture is upside down.": first * tensor.flip(1),
        "Red and blue are swapped.": first * tensor.flip(0),
    }
    other = {
        "The picture was noised for the last timestep; the walk begins at the first.": walked[-1],
        "The picture was noised for the first of all timesteps, not of those walked.": every[0],
        "The picture was noised for the timestep after the first of those walked.": walked[1],
    }
    length, begin = pipeline.scheduler.config.num_train_timesteps, STEPS - len(walked)
    hint = "A fraction of all timesteps was taken, not the first timestep of the walk."
    other[hint] = torch.tensor(length * len(walked) // STEPS - 1)
    if begin:
        hint = "The picture was noised for one timestep more than is walked."
        other[hint] = every[begin - 1]
    for hint, timestep in other.items():
        slips[hint] = rates(pipeline.scheduler, timestep[None])[0].item() * tensor
    return slips


@pytest.mark.points(3)
@pytest.mark.parametrize("strength", [0.4, 0.8, 1.0])
def test_the_walk_begins_with_the_noised_picture(exercise, pipeline, image, strength):
    """The model is first shown the picture, mixed with standard normal noise for that timestep.

    By one seed the picture and its negative get one noise, so that it cancels in the difference.
    """
    negative = ImageChops.invert(image)
    shown = [
        painted(exercise, "edit", pipeline, one, strength, seed=3)[1] for one in (image, negative)
    ]
    walked = check_walk(pipeline, strength)
    signal, sigma = (rate.item() for rate in rates(pipeline.scheduler, walked[:1]))
    tensor = to_tensor(image)
    slips = signal_slips(image, pipeline, walked)
    check_signal([s[0] for s in shown], tensor, signal, slips, "the first sample")
    noise = ((shown[0][0].double() - signal * tensor) / sigma).float()
    expect.standard_normal(noise, "the noise in the first sample")
    expect.independent(noise, ("channels", "rows", "columns"), "the noise in the first sample")


def step_from(pipeline, sample, timestep, generator=None):
    """What the scheduler makes of a sample that the model was shown at a timestep."""
    scheduler = copy.copy(pipeline.scheduler)
    scheduler.set_timesteps(STEPS)
    with torch.no_grad():
        prediction = pipeline.unet(sample[None], timestep).sample
    return scheduler.step(prediction, timestep, sample[None], generator=generator).prev_sample[0]


def check_steps(pipeline, result, shown, walked, where):
    """The pixels of each sample, and of the picture, are those that the step before led to.

    where  (H, W), which pixels follow the steps
    """
    after = [step_from(pipeline, *one) for one in zip(shown, walked, strict=True)]
    for number, (sample, wanted) in enumerate(zip(shown[1:], after, strict=False), start=1):
        expect.close(
            sample[:, where],
            wanted[:, where],
            1e-3,  # float32 in the steps of a sample of some units
            f"what step {number} of {len(walked)} led to",
            expect.misconception(
                sample[:, where],
                {
                    "The sample is not fed back.": shown[0][:, where],
                    "Each sample was clamped: only the last one is, for the picture.": (
                        wanted.clamp(-1, 1)[:, where]
                    ),
                },
            ),
            "`prev_sample` of the scheduler's `step` from what the model was shown",
        )
    check_pixels(result, after[-1], where)


def check_pixels(result, sample, where):
    """The picture is the last sample in 8 bits, clamped and rounded."""
    found = torch.from_numpy(np.array(result)).permute(2, 0, 1)[:, where].double()
    bare = ((sample.double() + 1) * 127.5)[:, where]
    exact = bare.clamp(0, 255)
    off = (found - exact).abs().max().item()
    slips = {
        CUT_OFF: exact.floor(),
        "Not clamped: what lies outside [-1, 1] comes round on the other side.": bare.round() % 256,
        "[-1, 1] was taken for [0, 1]: `x / 2 + 0.5` comes before.": (
            (sample.double().clamp(0, 1) * 255)[:, where].round()
        ),
    }
    near = (hint for hint, slip in slips.items() if (found - slip).abs().mean() < 0.05)
    expect.that(
        off <= 0.51,  # half a value by rounding, and a trace of float32
        f"the picture is off by up to {off:.3g} of 255 from the last sample",
        "the last sample, clamped to [-1, 1] and rounded to the nearest of the 256 values",
        next(near, "") if off > 0.51 else "",
    )


@pytest.mark.points(3)
def test_every_step_is_the_schedulers(exercise, pipeline, image):
    """Each sample is what the scheduler made of the one before, and the last one is the picture."""
    result, shown = painted(exercise, "edit", pipeline, image, 0.6)
    walked = check_walk(pipeline, 0.6)
    check_steps(pipeline, result, shown, walked, torch.ones(HEIGHT, WIDTH, dtype=torch.bool))


# inpaint


def check_mask(shown, mask):
    """The picture is in the first sample where the mask is black, and only there.

    shown  what the model was shown of a picture and of its negative: there they differ
    """
    found = ((shown[0] - shown[1]).abs() > 1e-5).any(0)
    grey = torch.from_numpy(np.array(mask))
    slips = {
        "The mask is read the wrong way round: white is what is to be painted.": grey >= 128,
        "All but pure black is painted: 128 is the border.": grey == 0,
        "All but pure white is kept: 128 is the border.": grey < 255,
        "128 itself is to be painted, too.": grey <= 128,
        '`convert("1")` strews black and white dots: compare the grey values with 128.': (
            torch.from_numpy(~np.array(mask.convert("1")))
        ),
        "127 is known: what is 128 or more is to be painted.": grey < 127,
        "The first sample is noise alone: the known pixels are not put in.": grey < 0,
        "The first sample is the whole picture, noised: white pixels begin as bare noise.": grey
        >= 0,
    }
    wanted = grey < 128
    expect.that(
        torch.equal(found, wanted),
        f"the first sample shows the picture in {int((found & wanted).sum())} of "
        f"{int(wanted.sum())} known pixels, and in {int((found & ~wanted).sum())} of the others",
        "the picture where the mask is below 128, and noise alone elsewhere",
        next((hint for hint, slip in slips.items() if torch.equal(found, slip)), ""),
    )


def known_slips(tensor, pipeline, timesteps):
    """What well-known slips make of the known pixels at every step: {hint: (count, 3, pixels)}."""
    signal = rates(pipeline.scheduler, timesteps)[0].view(-1, 1, 1)
    after, before = torch.cat([signal[1:], signal[-1:]]), torch.cat([signal[:1], signal[:-1]])
    ahead = torch.cat([signal[1:], torch.ones_like(signal[-1:])])
    return {
        "The known pixels are put in without noise: the model knows them noised only.": (
            torch.ones_like(signal) * tensor
        ),
        "The known pixels are noised for the next timestep, not for this one.": after * tensor,
        "The known pixels are noised for the next timestep, and clean at the last.": ahead * tensor,
        "The known pixels are noised for the timestep before this one.": before * tensor,
        "The known pixels are noised for the first timestep, at every step.": (
            signal[:1].expand_as(signal) * tensor
        ),
        "The known pixels are noised for the last timestep, at every step.": (
            signal[-1:].expand_as(signal) * tensor
        ),
        "The picture was left in [0, 1]; the model knows [-1, 1].": signal * tensor / 2,
        "The picture was left in 0 to 255; the model knows [-1, 1].": signal * tensor * 127.5,
    }


def two_walks(exercise, pipeline, image, mask):
    """What the model was shown of the picture and of its negative, (2, count, 3, H, W)."""
    pictures = (image, ImageChops.invert(image))
    shown = [painted(exercise, "inpaint", pipeline, one, mask, seed=5)[1] for one in pictures]
    check_walk(pipeline)
    return torch.stack(shown)


@pytest.mark.points(2)
def test_the_mask_says_what_is_known(exercise, pipeline, image, mask):
    """Where the mask is 128 or more the walk begins with noise; elsewhere the picture is known."""
    shown = two_walks(exercise, pipeline, image, mask)
    check_mask(shown[:, 0], mask)
    noise = shown[0, 0][:, white(mask)]
    expect.standard_normal(noise, "the first sample where the mask is white")
    expect.independent(noise, ("channels", "pixels"), "the first sample where the mask is white")


@pytest.mark.points(4)
def test_the_known_pixels_have_the_noise_of_every_step(exercise, pipeline, image, mask):
    """At each step the model is shown the known pixels as noisy as the others are just then.

    By one seed the picture and its negative get one noise, so that it cancels in the difference.
    """
    shown, known = two_walks(exercise, pipeline, image, mask), ~white(mask)
    check_mask(shown[:, 0], mask)
    shown, tensor = shown[..., known], to_tensor(image)[:, known].double()
    timesteps = all_timesteps(pipeline)
    signal, sigma = (rate.view(-1, 1, 1) for rate in rates(pipeline.scheduler, timesteps))
    slips = known_slips(tensor, pipeline, timesteps)
    check_signal(shown, tensor, signal, slips, "the known pixels, step by step,")
    noise = ((shown[0].double() - signal * tensor) / sigma).float()
    for number in (0, STEPS // 2, STEPS - 2):
        name = f"the noise in the known pixels at step {number + 1}"
        expect.standard_normal(noise[number], name)
        expect.independent(noise[number], ("channels", "pixels"), name)


@pytest.mark.points(3)
def test_the_other_pixels_follow_the_steps(exercise, pipeline, image, mask):
    """What is painted anew is changed by the scheduler's steps alone, and ends in the picture."""
    result, shown = painted(exercise, "inpaint", pipeline, image, mask)
    timesteps = check_walk(pipeline)
    check_steps(pipeline, result, shown, timesteps, white(mask))


@pytest.mark.points(2)
def test_the_known_pixels_are_kept_exactly(exercise, pipeline, image, mask):
    """In the end the known pixels are those of the picture, to the last bit."""
    result, shown = painted(exercise, "inpaint", pipeline, image, mask)
    timesteps, known = check_walk(pipeline), ~white(mask).numpy()
    off = differences(result, image)[known].max()
    last = in_8_bits(step_from(pipeline, shown[-1], timesteps[-1]))
    from_steps = differences(result, last)[known].max() <= 1
    hint = "The last step has changed them: put the clean ones in behind it." if from_steps else ""
    expect.that(
        off == 0,
        f"known pixels that are off by up to {off} of 255",
        "the known pixels of the picture, exactly",
        hint or _cut_off_hint(result, image, known),
    )


def in_8_bits(sample):
    return ((sample + 1) * 127.5).clamp(0, 255).round().permute(1, 2, 0).numpy()


@pytest.mark.parametrize("grey", [0, 255])
def test_a_mask_of_one_colour_keeps_or_paints_all(exercise, pipeline, image, grey):
    """With a black mask the picture comes back; with a white one nothing of it is left."""
    mask = Image.new("L", SIZE, grey)
    result, shown = painted(exercise, "inpaint", pipeline, image, mask)
    walked = check_walk(pipeline)
    if grey == 0:
        expect.that(not differences(result, image).any(), "another picture", "the one given")
    else:
        check_steps(pipeline, result, shown, walked, white(mask))


# both


@BOTH
def test_what_the_scheduler_adds_is_drawn_anew_in_every_step(exercise, rng, image, function):
    """DDPM adds standard normal noise in its steps, a new one in each, and none that was there.

    Two steps from one sample with known noises give the strength of the noise that a step adds, and
    with it the noise that the learner's step added.
    """
    pipeline = make_pipeline(DDPMScheduler, rng)
    rest = 1.0 if function == "edit" else Image.new("L", SIZE, 255)
    _, shown = painted(exercise, function, pipeline, image, rest)
    keeps_its_parts(lent_in(exercise.last), pipeline)
    check_walk(pipeline)
    one, other = (torch.randn(shown[0].shape, generator=seeded(s)) for s in (1, 2))
    added = []
    for sample, timestep, after in zip(shown, all_timesteps(pipeline), shown[1:], strict=False):
        first, second = (step_from(pipeline, sample, timestep, seeded(s)) for s in (1, 2))
        strength = (first - second).std() / (one - other).std()
        check_noise_added(pipeline, sample, timestep, after, first - strength * one)
        added.append((after - first) / strength + one)
    noises = torch.stack([first_noise(pipeline, shown, image, function), *added])
    check_draws(noises)
    expect.standard_normal(noises[1:], "the noise that the steps added")
    axes = ("draws", "channels", "rows", "columns")
    expect.independent(noises, axes, "the noise at first and in the steps")


def check_noise_added(pipeline, sample, timestep, after, bare):
    """The step has added something to what DDPM's step makes of the sample without noise.

    bare  just that
    """
    by_ddim = copy.copy(pipeline)
    by_ddim.register_modules(scheduler=DDIMScheduler.from_config(pipeline.scheduler.config))
    slips = {
        "The step of another scheduler, DDIM, which adds none.": step_from(
            by_ddim, sample, timestep
        ),
        "The step of DDPM, with its noise left out.": bare,
    }
    hint = expect.misconception(after, slips)
    expect.that(
        not hint,
        f"no noise was added at the timestep {int(timestep)}",
        f"the noise that `step` of the pipeline's {type(pipeline.scheduler).__name__} adds",
        hint,
    )


def check_draws(noises):
    """No two of the noises, at first and in each step, are the same."""
    related = torch.corrcoef(noises.flatten(1)).fill_diagonal_(0)
    if related.max() > 0.99:
        one, other = sorted(divmod(int(related.argmax()), len(noises)))
        names = ["that of the start", *(f"that of step {n}" for n in range(1, len(noises)))]
        raise Wrong(
            f"two noises are the same: {names[one]} and {names[other]}",
            "each noise drawn anew from one generator",
            "A generator of the same seed, or one that was seeded again, gives the same numbers.",
        )


def first_noise(pipeline, shown, image, function):
    """The noise in the first sample of a walk of all steps."""
    if function == "inpaint":
        return shown[0]
    signal, sigma = (rate.item() for rate in rates(pipeline.scheduler, all_timesteps(pipeline)[:1]))
    return (shown[0] - signal * to_tensor(image)) / sigma


def seeded(seed):
    return torch.Generator().manual_seed(seed)


@BOTH
def test_the_seed_decides(exercise, rng, image, mask, function):
    """One seed gives one picture, another seed another, and nothing else does."""
    pipeline = make_pipeline(DDPMScheduler, rng)
    rest = 0.5 if function == "edit" else mask
    results = []
    for seed in (4, 4, 11):
        results.append(painted(exercise, function, pipeline, image, rest, seed=seed)[0])
        check_walk(pipeline, WALKED[function])
        expect.that(
            not exercise.last.drew,
            "torch's global random state is another one after the call",
            "all noise from a generator that `seed` has seeded",
            "Noise without the generator: `torch.randn` and the scheduler's `step` both take one; "
            "or `torch.manual_seed`, which returns the global one.",
        )
    same, other = (differences(results[0], one).any() for one in results[1:])
    expect.that(not same, "two pictures by one seed", "the same picture for the same seed")
    expect.that(other, "the same picture for the seeds 4 and 11", "a picture for each seed")


@BOTH
def test_without_a_number_there_are_fifty_steps_and_the_seed_is_0(
    exercise, pipeline, image, mask, function
):
    """`seed` is 0 and `num_inference_steps` is 50 unless something else is asked for."""
    rest = 1.0 if function == "edit" else mask
    pipeline.unet.calls = []
    results = [exercise.call(function, [pipeline, image, rest, *more]) for more in ([], [0, 50])]
    count = len(pipeline.unet.calls)
    expect.that(count == 100, f"{count} steps in two calls", "50 steps in each")
    expect.that(not differences(*results).any(), "another picture than by seed 0", "that of seed 0")


@BOTH
def test_no_graph_is_kept(exercise, pipeline, image, mask, function):
    """Nothing is kept for a backward pass, which would fill the memory."""
    painted(exercise, function, pipeline, image, 0.5 if function == "edit" else mask)
    check_walk(pipeline, WALKED[function])
    expect.that(
        not any(call["on_graph"] for call in pipeline.unet.calls),
        "the model was shown a sample on autograd's graph",
        "samples without a graph: the walk under `torch.no_grad()`",
    )
    expect.autograd_left_on(exercise.last)


@BOTH
def test_pipeline_and_pictures_stay_as_they_were(exercise, rng, image, mask, function):
    """Whoever calls has the same pipeline, picture and mask afterwards."""
    for scheduler_class in (DDPMScheduler, DDIMScheduler):
        pipeline = make_pipeline(scheduler_class, rng)
        painted(exercise, function, pipeline, image, 0.5 if function == "edit" else mask)
        check_walk(pipeline, WALKED[function])
        expect.unchanged(exercise.last)
        keeps_its_parts(lent_in(exercise.last), pipeline)


@BOTH
def test_it_works_with_a_unet(exercise, function):
    """The model may be a UNet, as that of the butterflies is."""
    pipeline = unconditional(tiny_unet(**SMALLEST), DDPMScheduler())
    image, mask = Image.new("RGB", (32, 32), "orange"), Image.new("L", (32, 32), 255)
    mask.paste(0, (0, 0, 16, 32))
    rest = 1.0 if function == "edit" else mask
    result = exercise.call(function, [pipeline, image, rest], {"num_inference_steps": 2})
    expect.image(result, "RGB", (32, 32))
    expect.that(len(pipeline.unet.calls) == 2, "the UNet was not asked", "one call for each step")
    expect.that(bool(differences(result, image).any()), "the picture as it was", "a new one")


@pytest.mark.gpu
@BOTH
def test_it_works_on_a_gpu(exercise, pipeline, image, mask, function):
    """On a GPU the same seed gives the same picture, up to rounding."""
    rest = 0.5 if function == "edit" else mask
    here, _ = painted(exercise, function, pipeline, image, rest)
    there, _ = painted(exercise, function, pipeline.to("cuda"), image, rest)
    expect.that(differences(here, there).max() <= 1, "another picture than on the CPU", "the same")
