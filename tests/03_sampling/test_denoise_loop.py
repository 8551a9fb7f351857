"""The sampling loop: what the library's steps give, and what the mathematics says they must."""

import contextlib
import copy
import dataclasses
import functools
import itertools

import numpy as np
import pytest
import torch
from diffusers import DDIMPipeline, DDIMScheduler, DDPMPipeline, DDPMScheduler

from kata import expect
from kata.describe import describe
from kata.evidence import raised_in
from kata.probes import GaussianUNet, tiny_unet
from kata.tiny_pipelines import SMALLEST
from kata.verdict import Wrong

ATOL = 1e-3  # float32: without clipping the numbers of a walk grow to 20 or so
BETAS = {"beta_schedule": "linear", "beta_start": 0.0005, "beta_end": 0.03}
SPACINGS = {DDPMScheduler: "leading", DDIMScheduler: "trailing"}
SCHEDULERS = pytest.mark.parametrize("kind", [DDPMScheduler, DDIMScheduler], ids=["ddpm", "ddim"])
STOPS_SHORT = {"set_alpha_to_one": False, "beta_start": 0.01}  # of DDIM: the end is no guess
GENERATOR_NAMED = "The fourth place of DDIM's `step` is `eta`: write `generator=generator`."
ETA_LEFT_OUT = "A step with `eta=1.0`, which adds noise: leave out what `step` sets by itself."
TIMESTEP_KNOWN = (
    "`step` looks its timestep up in `scheduler.timesteps`: it wants the timestep itself, not its "
    "index, and one of those that `set_timesteps` has picked."
)


@dataclasses.dataclass(frozen=True)
class Walk:
    """One walk from noise to pictures.

    scheduler  as it is handed over; it does not clip, so that a step is what the equations say
    seed       of the generator, or None for none
    """

    model: torch.nn.Module
    scheduler: DDPMScheduler | DDIMScheduler
    noise: torch.Tensor
    steps: int
    seed: int | None = None

    def generator(self) -> torch.Generator | None:
        return None if self.seed is None else torch.Generator().manual_seed(self.seed)

    def set_scheduler(self):
        """A scheduler whose timesteps are set for this walk."""
        scheduler = copy.deepcopy(self.scheduler)
        scheduler.set_timesteps(self.steps)
        return scheduler

    def timesteps(self) -> list[int]:
        return self.set_scheduler().timesteps.tolist()

    def samples(self) -> list[torch.Tensor]:
        """The sample before the first step, and after each one."""
        return [self.noise, *(step.prev_sample for step in self.taken)]

    @functools.cached_property
    def taken(self) -> list:
        """What the scheduler gives at each step."""
        scheduler, generator, taken, sample = self.set_scheduler(), self.generator(), [], self.noise
        for t in scheduler.timesteps:
            prediction = self.predicted(sample, t)
            taken.append(scheduler.step(prediction, t, sample, generator=generator))
            sample = taken[-1].prev_sample
        return taken

    def predicted(self, sample, t) -> torch.Tensor:
        with torch.no_grad():
            return self._asked(sample, t).sample

    @functools.cached_property
    def _asked(self) -> torch.nn.Module:
        return copy.deepcopy(self.model).eval()


def make_scheduler(kind, rng, **config):
    """No thousand timesteps, and a number of them that 3, 4 and 6 divide."""
    length = 12 * int(torch.randint(15, 25, (1,), generator=rng))
    options = {"num_train_timesteps": length, "timestep_spacing": SPACINGS[kind], **BETAS}
    return kind(**{**options, "clip_sample": False, **config})


def make_walk(scheduler, rng, seed, steps=6, **config):
    """A walk with an untrained model, which leads nowhere but knows what it was shown."""
    model = tiny_unet(seed=rng.initial_seed(), **{**SMALLEST, **config})
    return Walk(model, scheduler, torch.randn(2, 3, 8, 8, generator=rng), steps, seed)


def oracle_walk(scheduler, rng, seed, steps, pictures=2):
    """A walk with the model that knows best, for pixels of some mean and spread.

    It crosses ten times as fast as a UNet: so it stands in where nothing depends on the model.
    """
    mean, std = torch.rand(2, generator=rng).tolist()
    options = {key: scheduler.config[key] for key in ("num_train_timesteps", *BETAS)}
    model = GaussianUNet(1.2 * mean - 0.6, 0.3 * std + 0.2, **options)
    noise = torch.randn(pictures, 3, 8, 8, generator=rng)
    return Walk(model, scheduler, noise, steps, seed)


def walked_otherwise(walk, generator, step, scheduler=None):
    """The samples of a walk with steps of another kind, by another scheduler, noise first.

    step  takes what the `step` of a scheduler takes, behind the scheduler; returns a sample
    """
    scheduler = scheduler or walk.set_scheduler()
    samples = [walk.noise]
    for t in scheduler.timesteps:
        prediction = walk.predicted(samples[-1], t)
        samples.append(step(scheduler, prediction, t, samples[-1], generator=generator))
    return torch.stack(samples)


def step_once(scheduler, *arguments, **options):
    return scheduler.step(*arguments, **options).prev_sample


def step_twice(kept, *arguments, **options):
    return [step_once(*arguments, **options) for _ in range(2)][kept]


@contextlib.contextmanager
def slips_told():
    """Say what is wrong where a slip makes the library itself complain."""
    try:
        with expect.outputs_told():
            yield
    except TypeError as error:
        if "for *:" not in str(error) or not any(s in str(error) for s in ("Generator", "None")):
            raise
        raise Wrong(f"TypeError: {error}", "a step without `eta`", GENERATOR_NAMED) from error
    except IndexError as error:
        if raised_in(error) != "previous_timestep":
            raise
        raise Wrong(f"IndexError: {error}", "a step at a timestep", TIMESTEP_KNOWN) from error


def called(exercise, function, walk, *arguments, **keywords):
    """Call the learner's function with copies; return its result and the model afterwards."""
    model, scheduler = copy.deepcopy(walk.model), copy.deepcopy(walk.scheduler)
    generator = keywords.pop("generator", walk.generator())
    given = [model, scheduler, walk.noise, walk.steps, *arguments]
    with slips_told():
        result = exercise.call(function, given, {"generator": generator}, **keywords)
    return result, model


def denoised(exercise, walk, **keywords):
    """The learner's pictures, after a look at their type, shape and dtype, and the model."""
    pictures, model = called(exercise, "denoise", walk, **keywords)
    if isinstance(pictures, torch.Tensor) and pictures.isnan().any() and model.calls:
        check_what_was_shown(walk, model.calls)
    expect.tensor(pictures, tuple(walk.noise.shape), torch.float32, name="the batch of pictures")
    return pictures, model


def filmed(exercise, walk, count, **keywords):
    """The learner's frames, after a look at their types, shapes and dtypes, and the model."""
    frames, model = called(exercise, "denoising_frames", walk, count, **keywords)
    all_of_them = type(frames) in (list, tuple) and len(frames) in (walk.steps, walk.steps + 1)
    hint = "One for each step: keep `count` of them." if all_of_them else ""
    frames = expect.sequence(frames, count, "the list of frames", hint)
    for number, frame in enumerate(frames):
        expect.tensor(frame, tuple(walk.noise.shape), torch.float32, name=f"frames[{number}]")
    return torch.stack(frames), model


# Whether a walk is the right one, and where it leaves the way


def check_walk(walk, pictures, calls):
    """The pictures are those at the end of this walk. Else `calls` tell where it went astray."""
    right = walk.samples()[-1]
    if (pictures - right).abs().max() > ATOL and calls:
        check_what_was_shown(walk, calls)
        check_steps(walk, [*(call["sample"] for call in calls), pictures])
    because = "the one to which the scheduler's steps lead"
    expect.close(pictures, right, ATOL, "the batch of pictures", because=because)


def check_what_was_shown(walk, calls):
    """The model was asked at the timesteps of the walk, first about the noise."""
    check_batches(walk, calls)
    shown = [timestep_of(call, len(walk.noise)) for call in calls]
    expect.that(
        shown == walk.timesteps(),
        f"the model was asked {times(len(shown))}, at {listed(shown)}",
        f"{times(walk.steps)}, as `scheduler.timesteps` says: at {listed(walk.timesteps())}",
        timesteps_hint(walk, shown),
    )
    expect.that(
        not any(call["training"] for call in calls),
        "the model was asked in training mode",
        "in evaluation mode",
        "`model.eval()`: in training mode dropout makes a model answer by chance.",
    )
    expect.that(
        torch.allclose(calls[0]["sample"], walk.noise, atol=1e-5),
        "the first sample that the model was shown is not `noise`",
        "a walk that begins with the noise that it is given",
    )


def check_batches(walk, calls):
    """At each pass the model was shown the whole batch."""
    batch, sizes = len(walk.noise), [len(call["sample"]) for call in calls]
    expect.that(
        set(sizes) == {batch},
        f"the model was asked {times(len(sizes))}, about {min(sizes)} of {batch} pictures",
        f"{times(walk.steps)}, about all {batch} of them",
        "Picture by picture: the model takes the whole batch."
        if sizes == [1] * batch * walk.steps
        else "",
    )


def check_passes(walk, calls, expected="one pass at each step, the whole batch in it"):
    """At each step one pass of the whole batch. Of a copy of the model nothing is known."""
    if calls:
        check_batches(walk, calls)
    expect.that(
        len(calls) in (0, walk.steps),
        f"the model was asked {times(len(calls))}",
        f"{times(walk.steps)}: {expected}",
    )


def timestep_of(call, batch):
    """The one timestep of a forward pass, given as a number or for each picture."""
    timesteps = torch.as_tensor(call["timestep"]).reshape(-1)
    expect.that(
        len(timesteps) in (1, batch) and len(timesteps.unique()) == 1,
        f"the model was asked at timestep {describe(call['timestep'])}",
        "one timestep for the whole batch at each step",
        "`for t in scheduler.timesteps`",
    )
    return timesteps[0].item()


def timesteps_hint(walk, shown):
    """The slip that leads to these very timesteps."""
    right = walk.timesteps()
    every = list(range(walk.scheduler.config.num_train_timesteps))[::-1]
    evenly = torch.linspace(every[0], 0, walk.steps)
    if shown in (evenly.long().tolist(), evenly.round().long().tolist()):
        return "Timesteps of your own, by `linspace`: take `scheduler.timesteps`."
    slips = {
        "These are all timesteps of the training: `set_timesteps` picks some.": every,
        "The scheduler still had the timesteps of another walk: set them anew.": (
            walk.scheduler.timesteps.tolist()
        ),
        "The walk goes upwards: it begins where most is noise, at the largest timestep.": (
            right[::-1]
        ),
        "The model gets the index of the step; it was trained with timesteps.": (
            list(range(walk.steps))
        ),
        "Not these: the scheduler has picked others, see `scheduler.timesteps`.": (
            every[:: len(every) // walk.steps]
        ),
        "The first step is left out.": right[1:],
        "The last step is left out.": right[:-1],
    }
    return next((hint for hint, slip in slips.items() if slip == shown), "")


def check_steps(walk, samples):
    """Each sample follows from the one before by a step of the scheduler."""
    generator, scheduler = walk.generator(), walk.set_scheduler()
    for k, (sample, arrived) in enumerate(itertools.pairwise(samples)):
        t, state = scheduler.timesteps[k], generator.get_state()
        prediction = walk.predicted(sample, t)
        right = scheduler.step(prediction, t, sample, generator=generator).prev_sample
        difference = (arrived - right).abs().max().item()
        if difference > ATOL:
            hint = stepped_twice(walk, samples)
            raise Wrong(
                f"step {k + 1} of {walk.steps}, at timestep {t}, leads to a sample that is off by "
                f"up to {difference:.3g}",
                "`scheduler.step(prediction, t, sample, generator=generator).prev_sample`, with "
                "the sample and the prediction of this timestep",
                hint or step_hint(walk, k, sample, arrived, prediction, state),
            )


def stepped_twice(walk, samples):
    """Whether they are those of a walk on which `step` draws twice at each timestep."""
    if isinstance(walk.scheduler, DDIMScheduler) or len(samples) != walk.steps + 1:
        return ""
    slip = (
        "`step` was called twice, and draws noise each time: keep its result, and take both "
        "`prev_sample` and `pred_original_sample` from it."
    )
    walks = (
        walked_otherwise(walk, walk.generator(), functools.partial(step_twice, kept))
        for kept in (0, 1)
    )
    found = (expect.misconception(torch.stack(samples), {slip: other}, ATOL) for other in walks)
    return next(filter(None, found), "")


def step_hint(walk, k, sample, arrived, prediction, state):
    """The slip that leads from this sample to the one that arrived."""
    t = walk.set_scheduler().timesteps[k]
    right = retaken(walk, state, prediction, t, sample)
    slips = {
        "The model is shown `noise` again: what a step gives is what the next begins with.": (
            walk.noise
        ),
        "The sample is still the one from before this step.": sample,
        "This is `pred_original_sample`, the guess at the picture, not `prev_sample`.": (
            right.pred_original_sample
        ),
        "The whole prediction is taken away at once: how much of it is the scheduler's business.": (
            sample - prediction
        ),
        "Each step begins with `noise`: what a step gives is what the next begins with.": (
            retaken(walk, state, prediction, t, walk.noise).prev_sample
        ),
        "Prediction and sample changed places: `step(prediction, t, sample)`.": (
            retaken(walk, state, sample, t, prediction).prev_sample
        ),
        **made_fit_to_be_shown(right.prev_sample),
    }
    if isinstance(walk.scheduler, DDIMScheduler):  # that of DDPM knows its own timesteps only
        by_index = retaken(walk, state, prediction, torch.tensor(k), sample)
        slips["`step` gets the index of the step; it wants the timestep."] = by_index.prev_sample
        slips[ETA_LEFT_OUT] = retaken(walk, state, prediction, t, sample, eta=1.0).prev_sample
    return expect.misconception(arrived, slips, ATOL) or noise_hint(walk, k, arrived, right, state)


def retaken(walk, state, prediction, t, sample, **options):
    """A step of this walk once more, with the generator in the state that it had then."""
    generator = torch.Generator().set_state(state)
    return walk.set_scheduler().step(prediction, t, sample, generator=generator, **options)


def made_fit_to_be_shown(sample):
    """What becomes of a sample that is not left as it is, by what one can say to it."""
    halved = sample / 2 + 0.5
    return {
        "The samples on the way and at the end are not clamped.": sample.clamp(-1, 1),
        "The pictures stay in [-1, 1] or so: nothing is rescaled here.": halved,
        "Rescaled to [0, 1] and clamped: the pipeline does that, `denoise` does not.": (
            halved.clamp(0, 1)
        ),
    }


def noise_hint(walk, k, arrived, right, state):
    """What is wrong with the noise of a step, where it is the noise alone."""
    std = coefficients(walk)[k].std
    if std < 1e-6:
        return ""
    first = drawn_in(walk.generator().get_state(), walk.noise.shape)
    noise = drawn_in(state, walk.noise.shape) + (arrived - right.prev_sample) / std
    if torch.allclose(noise, first, atol=ATOL):
        return "The noise of the first step once more: a generator made anew begins anew."
    if noise.abs().max() < ATOL:
        return "The step of DDPM adds noise; here there is none."
    if abs(noise.square().mean() - 1) < 0.3 and abs(noise.mean()) < 0.3:
        return "The noise of this step does not come from `generator`: hand it on to `step`."
    return ""


def drawn_in(state, shape):
    """What a generator in this state draws first."""
    return torch.randn(shape, generator=torch.Generator().set_state(state))


# What the mathematics says


@dataclasses.dataclass(frozen=True)
class Coefficients:
    """x_prev = of_clean * x_0 + of_sample * x_t + std * z, of one step."""

    alpha_bar: float
    of_clean: float
    of_sample: float
    std: float


def coefficients(walk) -> list[Coefficients]:
    """Of all steps: Ho et al. 2020, equation 7, or Song et al. 2021, equation 12 without noise."""
    alphas_cumprod = walk.scheduler.alphas_cumprod.double()
    alpha_bars = [alphas_cumprod[t].item() for t in walk.timesteps()] + [1.0]
    equation = ancestral if isinstance(walk.scheduler, DDPMScheduler) else deterministic
    return [equation(*pair) for pair in itertools.pairwise(alpha_bars)]


def ancestral(now: float, then: float) -> Coefficients:
    alpha = now / then
    return Coefficients(
        now,
        of_clean=then**0.5 * (1 - alpha) / (1 - now),
        of_sample=alpha**0.5 * (1 - then) / (1 - now),
        std=((1 - then) / (1 - now) * (1 - alpha)) ** 0.5,
    )


def deterministic(now: float, then: float) -> Coefficients:
    of_sample = ((1 - then) / (1 - now)) ** 0.5
    return Coefficients(now, then**0.5 - of_sample * now**0.5, of_sample, std=0.0)


def landing(walk) -> tuple[float, float, float]:
    """Where a walk with the oracle ends: scale * noise + shift, and a variance around it."""
    mean, std = walk.model.config.mean, walk.model.config.std
    scale, shift, variance = 1.0, 0.0, 0.0
    for c in coefficients(walk):
        signal = c.alpha_bar**0.5
        gain = signal * std**2 / (c.alpha_bar * std**2 + 1 - c.alpha_bar)
        slope = c.of_clean * gain + c.of_sample  # the expected picture is mean + gain * distance
        intercept = c.of_clean * mean * (1 - gain * signal)
        scale, shift = slope * scale, slope * shift + intercept
        variance = slope**2 * variance + c.std**2
    return scale, shift, variance


def times(count):
    return "once" if count == 1 else f"{count} times"


def listed(timesteps):
    if len(timesteps) == 1:
        return f"timestep {timesteps[0]}"
    few = len(timesteps) <= 8
    return f"timesteps {describe(timesteps) if few else f'{timesteps[:4]} ... {timesteps[-2:]}'}"


# denoise


@pytest.mark.points(3)
@SCHEDULERS
def test_the_pictures_are_those_of_the_schedulers_steps(exercise, kind, rng, seed):
    """From the noise, down the scheduler's timesteps, step by step to the pictures."""
    walk = make_walk(make_scheduler(kind, rng), rng, seed)
    pictures, model = denoised(exercise, walk)
    check_walk(walk, pictures, model.calls)


@pytest.mark.parametrize("steps", [1, 12], ids=["one", "all"])
@SCHEDULERS
def test_any_number_of_steps_is_walked(exercise, kind, rng, seed, steps):
    """As many steps as are asked for, from one to the whole schedule."""
    scheduler = make_scheduler(kind, rng, num_train_timesteps=12, beta_end=0.5)
    walk = oracle_walk(scheduler, rng, seed, steps)
    pictures, model = denoised(exercise, walk)
    check_walk(walk, pictures, model.calls)


def test_the_model_takes_the_whole_batch_once_a_step(exercise, rng, seed):
    """One pass at each step: picture by picture takes as many times as long on a GPU."""
    walk = oracle_walk(make_scheduler(DDIMScheduler, rng), rng, seed, steps=3)
    pictures, model = denoised(exercise, walk)
    check_passes(walk, model.calls)
    check_walk(walk, pictures, model.calls)


def test_the_last_sample_is_returned_not_the_last_guess(exercise, rng, seed):
    """They may differ at the end, too: here a little noise is left in the sample."""
    scheduler = make_scheduler(DDIMScheduler, rng, **STOPS_SHORT)
    walk = make_walk(scheduler, rng, seed, steps=3)
    pictures, model = denoised(exercise, walk)
    check_walk(walk, pictures, model.calls)


@SCHEDULERS
def test_a_scheduler_that_was_used_is_set_anew(exercise, kind, rng, seed):
    """The timesteps are those of this walk, whatever the scheduler was set to before."""
    walk = oracle_walk(make_scheduler(kind, rng), rng, seed, steps=4)
    walk.scheduler.set_timesteps(3)
    pictures, model = denoised(exercise, walk)
    check_walk(walk, pictures, model.calls)


@pytest.mark.points(2)
@SCHEDULERS
def test_the_librarys_pipeline_paints_the_same(exercise, kind, rng, seed):
    """From one generator, noise first, come the pictures of `DDPMPipeline` or `DDIMPipeline`."""
    model, scheduler = tiny_unet(seed=seed, **SMALLEST), kind(beta_schedule="squaredcos_cap_v2")
    pipeline_class = DDPMPipeline if kind is DDPMScheduler else DDIMPipeline
    pipeline = pipeline_class(copy.deepcopy(model).eval(), scheduler)
    pipeline.set_progress_bar_config(disable=True)
    generator = torch.Generator().manual_seed(seed)
    images = pipeline(2, generator, num_inference_steps=5, output_type="np").images
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(2, 3, 8, 8, generator=generator)
    state, walk = generator.get_state(), Walk(model, scheduler, noise, 5)
    pictures, asked = denoised(exercise, walk, generator=generator)
    shown = (pictures / 2 + 0.5).clamp(0, 1)
    right = torch.from_numpy(images).permute(0, 3, 1, 2)
    astray = (shown - right).abs().max() > ATOL
    if astray and asked.calls:
        check_what_was_shown(walk, asked.calls)
    expect.close(
        shown,
        right,
        ATOL,
        "the batch of pictures, rescaled to [0, 1] and clamped,",
        settings_hint(walk, state, pictures) if astray else "",
        because=f"what a {pipeline_class.__name__} gives with this model, scheduler and noise",
    )


def settings_hint(walk, state, pictures):
    """Which setting of the scheduler, or of its `step`, these pictures are made without."""

    def end(step=step_once, **config):
        generator = torch.Generator().set_state(state)
        scheduler = type(walk.scheduler).from_config(walk.scheduler.config, **config)
        scheduler.set_timesteps(walk.steps)
        return walked_otherwise(walk, generator, step, scheduler)[-1]

    slips = {
        "Steps without `clip_sample`, by hand or by another scheduler: let `scheduler.step` take "
        "the step, with its settings.": end(clip_sample=False)
    }
    if isinstance(walk.scheduler, DDIMScheduler):
        slips[ETA_LEFT_OUT] = end(functools.partial(step_once, eta=1.0))
    return expect.misconception(pictures, slips, ATOL)


@pytest.mark.points(2)
def test_ddpm_lands_on_the_mean_and_the_spread_of_the_pixels(exercise, rng, seed):
    """With a perfect model the steps of DDPM lead where their equation says, noise and all."""
    walk = oracle_walk(make_scheduler(DDPMScheduler, rng), rng, seed, steps=6, pictures=64)
    pictures, model = denoised(exercise, walk)
    scale, shift, variance = landing(walk)
    residual = (pictures - scale * walk.noise - shift) / variance**0.5
    try:
        expect.standard_normal(residual, "noise that the steps have added")
    except Wrong as wrong:
        check_walk(walk, pictures, model.calls)
        raise Wrong(
            f"pixels of mean {pictures.mean():.3f} and standard deviation {pictures.std():.3f}",
            f"mean {shift:.3f} and standard deviation {(scale**2 + variance) ** 0.5:.3f}: "
            f"{scale:.3f} times the noise at the start, and a bell around it",
        ) from wrong


@pytest.mark.points(2)
def test_ddim_maps_noise_to_pictures_by_its_equation(exercise, rng, seed):
    """With a perfect model DDIM is a scale and a shift of the noise, which can be computed."""
    walk = oracle_walk(make_scheduler(DDIMScheduler, rng), rng, seed, steps=6)
    pictures, model = denoised(exercise, walk)
    scale, shift, _ = landing(walk)
    check_walk(walk, pictures, model.calls)
    expect.close(
        pictures,
        scale * walk.noise + shift,
        ATOL,
        "the batch of pictures",
        because=f"{scale:.3f} * noise + {shift:.3f}, what 6 steps of DDIM make of it",
    )


def test_twice_the_steps_halve_the_error_of_ddim(exercise, rng, seed):
    """The more steps, the nearer to the end of the smooth way that the steps follow."""
    scheduler = make_scheduler(DDIMScheduler, rng, num_train_timesteps=240)
    few = oracle_walk(scheduler, rng, seed, steps=30)
    many = dataclasses.replace(few, steps=60)
    mean, std = few.model.config.mean, few.model.config.std
    start = few.scheduler.alphas_cumprod[-1].item()
    spread = (start * std**2 + 1 - start) ** 0.5
    end = mean + std / spread * (few.noise - start**0.5 * mean)  # the flow keeps the quantiles
    coarse, fine = ((denoised(exercise, walk)[0] - end).abs().mean().item() for walk in (few, many))
    expect.that(
        1.6 < coarse / fine < 2.5,  # 2 in the limit: DDIM is of first order
        f"a mean error of {coarse:.4f} with 30 steps and of {fine:.4f} with 60",
        "half the error with twice the steps",
    )


@pytest.mark.points(2)
def test_the_model_is_asked_in_evaluation_mode(exercise, rng, seed):
    """Dropout, which a training needs, is off: the same noise gives the same pictures."""
    walk = make_walk(make_scheduler(DDIMScheduler, rng), rng, seed, dropout=0.5)
    pictures, model = denoised(exercise, walk)
    check_walk(walk, pictures, model.calls)


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
def test_the_model_comes_back_as_it_was(exercise, rng, seed, training):
    """A preview in the midst of a training leaves the model in its mode, with its weights."""
    walk = make_walk(make_scheduler(DDIMScheduler, rng), rng, seed, steps=2)
    walk.model.train(training)
    check_model(walk, denoised(exercise, walk)[1])


def check_model(walk, model):
    """Mode, weights, and which of them learn, are as they were."""
    modes = {True: "training mode", False: "evaluation mode"}
    expect.that(
        model.training == walk.model.training,
        f"a model that came in {modes[walk.model.training]} is in {modes[model.training]}",
        "the mode in which it came",
        "Note `model.training` before, and go back by `model.train(...)`.",
    )
    expect.that(
        all(p.requires_grad for p in model.parameters()),
        "weights whose `requires_grad` is off",
        "a model that can be trained on",
        "`torch.no_grad()` asks for no gradients without changing the model.",
    )
    before, after = walk.model.state_dict(), model.state_dict()
    expect.that(
        all(torch.equal(before[name], after[name]) for name in before),
        "other weights than before",
        "the weights as they were",
    )


def test_nothing_is_kept_for_a_backward_pass(exercise, rng, seed):
    """Pictures and samples carry no graph: with one, memory would grow from step to step."""
    _, model = denoised(exercise, make_walk(make_scheduler(DDIMScheduler, rng), rng, seed, steps=3))
    check_graph(model.calls, exercise.last.on_graph, exercise.last.grad_off)


def check_graph(calls, on_graph, grad_off):
    seen = "the pictures carry a graph" if on_graph else "the model was shown samples with a graph"
    expect.that(
        not on_graph and not any(call["on_graph"] for call in calls),
        seen,
        "numbers alone: nobody will call `backward` on them",
        "Everything that is computed under `torch.no_grad()` stays off the graph.",
    )
    expect.that(
        not grad_off,
        "autograd is still switched off after the call, for the whole program",
        "autograd switched on, as it was before: a training may go on",
        "`with torch.no_grad():` ends by itself; `torch.set_grad_enabled(False)` does not.",
    )


def test_the_noise_on_the_way_comes_from_the_generator(exercise, rng, seed):
    """With a generator, its state decides how the steps of DDPM go."""
    walk = oracle_walk(make_scheduler(DDPMScheduler, rng), rng, seed, steps=3)
    check_seeded_walk(exercise, walk)

    def pictures(generator):
        return denoised(exercise, walk, generator=generator)[0]

    expect.drawn_from_generator(pictures, seed, "pictures")


def check_seeded_walk(exercise, walk):
    """With one generator all is right; so what is wrong otherwise is the source of the noise."""
    pictures, model = denoised(exercise, walk)
    check_walk(walk, pictures, model.calls)


def test_without_a_generator_the_global_one_decides(exercise, rng, seed):
    """The same `torch.manual_seed` before it gives the same pictures, another one others."""
    seeded = oracle_walk(make_scheduler(DDPMScheduler, rng), rng, seed, steps=3)
    check_seeded_walk(exercise, seeded)
    walk = dataclasses.replace(seeded, seed=None)
    (one, _), (same, _), (other, model) = (
        denoised(exercise, walk, seed=s) for s in (seed, seed, seed + 1)
    )
    expected = "the steps' noise from torch's global random state"
    expect.that(
        torch.equal(one, same), "other pictures after the same `torch.manual_seed`", expected
    )
    expect.that(
        not torch.equal(one, other),
        "the same pictures after `torch.manual_seed` with two seeds",
        expected,
        unseeded_hint(seeded, model.calls),
    )
    expect.that(exercise.last.drew, "a global random state that has not moved", expected)


def unseeded_hint(walk, calls):
    """Whether the first step without a generator has noise, now that it is always the same."""
    if len(calls) < 2:
        return ""
    t, state = walk.set_scheduler().timesteps[0], walk.generator().get_state()
    right = retaken(walk, state, walk.predicted(walk.noise, t), t, walk.noise).prev_sample
    std = coefficients(walk)[0].std
    noise = drawn_in(state, walk.noise.shape) + (calls[1]["sample"] - right) / std
    if noise.abs().max() < ATOL:
        return "Without a generator no noise is added: `step` draws it when `generator` is None."
    if abs(noise.square().mean() - 1) < 0.3 and abs(noise.mean()) < 0.3:
        return "A seed inside the function makes all walks from one noise the same."
    return ""


def test_the_noise_stays_as_it_was(exercise, rng, seed):
    """Whoever calls can start another walk from the same noise."""
    denoised(exercise, make_walk(make_scheduler(DDIMScheduler, rng), rng, seed, steps=2))
    expect.unchanged(exercise.last)


# denoising_frames


def check_frames(walk, frames, calls):
    """The frames are the samples after the steps that the kata names."""
    count, samples = len(frames), walk.samples()
    wanted = [i * walk.steps // (count - 1) for i in range(count)]
    off = (frames - torch.stack([samples[n] for n in wanted])).abs().amax((1, 2, 3, 4))
    if off.max() <= ATOL:
        return
    worst = int((off > ATOL).nonzero()[0])
    hint = frames_hint(walk, samples, frames)
    if not hint and len(calls) == walk.steps:
        check_what_was_shown(walk, calls)
        check_steps(walk, [*(call["sample"] for call in calls), frames[-1]])
    raise Wrong(
        f"frames[{worst}] is off by up to {off[worst]:.3g}",
        f"the samples after {wanted} of {walk.steps} steps",
        hint,
    )


def frames_hint(walk, samples, frames):
    """Which other samples these frames are."""
    count, steps = len(frames), walk.steps
    for chosen in rounded_floats(steps, count):
        film = torch.stack([samples[n] for n in chosen])
        if torch.allclose(frames, film, rtol=0, atol=ATOL):
            return "Float rounding: multiply first, then `//`."
    points = [i * steps / (count - 1) for i in range(count)]
    slips = {
        "The order is turned round: the first frame is the noise.": [
            i * steps // (count - 1) for i in reversed(range(count))
        ],
        "All frames are the end: a sample that is changed in place is one tensor.": [steps] * count,
        "Rounded to the nearest step, not down.": [round(point) for point in points],
        "Rounded up, not down.": [-int(-point // 1) for point in points],
        "The noise itself is missing: it is the first frame.": [
            1 + i * (steps - 1) // (count - 1) for i in range(count)
        ],
        "The end is missing: the last frame is what `denoise` returns.": [
            i * (steps - 1) // (count - 1) for i in range(count)
        ],
        "Equal numbers of steps, but they end too early: the last frame is the end.": [
            i * (steps // count) for i in range(count)
        ],
        "These are the first samples of the walk: spread the frames over all of it.": range(count),
        "These are the last samples of the walk: spread the frames over all of it.": range(
            steps + 1 - count, steps + 1
        ),
    }
    slips = {hint: torch.stack([samples[n] for n in chosen]) for hint, chosen in slips.items()}
    wanted = [i * steps // (count - 1) for i in range(count)]
    guesses = [walk.noise, *(step.pred_original_sample for step in walk.taken)]
    slips["These are the guesses `pred_original_sample`, not the samples `prev_sample`."] = (
        torch.stack([guesses[n] for n in wanted])
    )
    slips["These frames are clamped to [-1, 1]: a frame is the sample as it is."] = torch.stack(
        [samples[n] for n in wanted]
    ).clamp(-1, 1)
    return expect.misconception(frames, slips, ATOL)


def rounded_floats(steps, count):
    """The numbers of steps that floats lead to, where these are others than those of integers."""
    right = [i * steps // (count - 1) for i in range(count)]
    ways = [
        [int(i * (steps / (count - 1))) for i in range(count)],
        [int(i / (count - 1) * steps) for i in range(count)],
        np.linspace(0, steps, count).astype(int).tolist(),
        torch.linspace(0, steps, count).long().tolist(),
    ]
    return [way for way in ways if way != right]


@pytest.mark.points(2)
@pytest.mark.parametrize(
    ("kind", "steps", "count"),
    [(DDPMScheduler, 10, 4), (DDIMScheduler, 6, 4), (DDIMScheduler, 6, 2), (DDPMScheduler, 4, 5)],
    ids=["uneven", "even", "two", "each"],
)
def test_frames_are_spread_over_the_walk(exercise, kind, rng, seed, steps, count):
    """From the noise to the pictures, after equal numbers of steps, rounded down."""
    config = STOPS_SHORT if kind is DDIMScheduler else {}
    scheduler = make_scheduler(kind, rng, num_train_timesteps=240, **config)
    walk = make_walk(scheduler, rng, seed, steps)
    frames, model = filmed(exercise, walk, count)
    check_frames(walk, frames, model.calls)


@pytest.mark.parametrize(
    ("steps", "count"), [(30, 23), (16, 15), (22, 23)], ids=["30-steps", "16-steps", "22-steps"]
)
def test_whole_numbers_are_rounded_by_whole_numbers(exercise, rng, seed, steps, count):
    """`i * num_inference_steps / (count - 1)` is often whole: a float below it is one too few."""
    walk = oracle_walk(make_scheduler(DDIMScheduler, rng), rng, seed, steps)
    frames, model = filmed(exercise, walk, count)
    check_frames(walk, frames, model.calls)


def test_the_film_is_made_in_one_walk(exercise, rng, seed):
    """The model is asked once for each step, however many frames are kept."""
    walk = oracle_walk(make_scheduler(DDIMScheduler, rng), rng, seed, steps=4)
    _, model = filmed(exercise, walk, 5)
    check_passes(walk, model.calls, "all frames come from one walk")


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
def test_the_film_is_made_in_evaluation_mode(exercise, rng, seed, training):
    """As in `denoise`, dropout is off, and the model comes back as it was."""
    walk = make_walk(make_scheduler(DDIMScheduler, rng), rng, seed, steps=4, dropout=0.5)
    walk.model.train(training)
    frames, model = filmed(exercise, walk, 3)
    check_frames(walk, frames, model.calls)
    check_model(walk, model)


def test_the_film_draws_from_its_generator(exercise, rng, seed):
    """With a generator, its state decides how the film ends."""
    walk = oracle_walk(make_scheduler(DDPMScheduler, rng), rng, seed, steps=3)
    frames, model = filmed(exercise, walk, 2)
    check_frames(walk, frames, model.calls)

    def last_frame(generator):
        return filmed(exercise, walk, 2, generator=generator)[0][-1]

    expect.drawn_from_generator(last_frame, seed, "frames")


def test_the_film_keeps_nothing_for_a_backward_pass(exercise, rng, seed):
    """No frame carries a graph, nor does what the model is shown."""
    _, model = filmed(
        exercise, make_walk(make_scheduler(DDIMScheduler, rng), rng, seed, steps=3), 4
    )
    check_graph(model.calls, on_graph=False, grad_off=exercise.last.grad_off)


def test_the_film_leaves_its_noise_as_it_was(exercise, rng, seed):
    """Whoever calls can start another walk from the same noise."""
    filmed(exercise, make_walk(make_scheduler(DDIMScheduler, rng), rng, seed, steps=2), 3)
    expect.unchanged(exercise.last)


@pytest.mark.gpu
@SCHEDULERS
def test_pictures_are_made_where_the_model_is(exercise, kind, rng, seed):
    """On a GPU the pictures and the frames lie on the model's device."""
    walk = make_walk(make_scheduler(kind, rng), rng, None)
    walk = dataclasses.replace(walk, model=walk.model.to("cuda"), noise=walk.noise.to("cuda"))
    generator = torch.Generator("cuda").manual_seed(seed)
    for result, _ in [
        denoised(exercise, walk, generator=generator),
        filmed(exercise, walk, 3, generator=generator),
    ]:
        expect.that(result.is_cuda, f"a tensor on {result.device}", "tensors on the model's device")
