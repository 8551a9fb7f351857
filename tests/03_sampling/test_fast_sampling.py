"""Samplers are exchangeable: one model, one noise, and the same picture by each of them."""

import copy

import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    HeunDiscreteScheduler,
    SchedulerMixin,
)

from kata import expect
from kata.describe import describe
from kata.probes import GaussianUNet, tiny_unet
from kata.tiny_pipelines import SMALLEST, plain_unet, text_to_image, unconditional
from kata.verdict import Wrong

NAMES = {
    "ddim": "DDIMScheduler",
    "dpm-solver++": "DPMSolverMultistepScheduler",
    "euler": "EulerDiscreteScheduler",
    "ddpm": "DDPMScheduler",
}
CLASSES = {
    "ddim": DDIMScheduler,
    "dpm-solver++": DPMSolverMultistepScheduler,
    "euler": EulerDiscreteScheduler,
    "heun": HeunDiscreteScheduler,  # calls the model twice a step
    "ddpm": DDPMScheduler,
}


EARLIER = 3  # the steps of the walk for which a scheduler was used before


# with_scheduler

OLD = [  # settings of which no two are alike, so that whatever is overridden is seen in one of them
    {
        "beta_start": 0.0002,
        "beta_end": 0.03,
        "beta_schedule": "scaled_linear",
        "prediction_type": "v_prediction",
        "clip_sample": False,
        "timestep_spacing": "trailing",
        "steps_offset": 1,
    },
    {
        "beta_start": 0.0003,
        "beta_end": 0.015,
        "beta_schedule": "squaredcos_cap_v2",
        "prediction_type": "epsilon",
        "clip_sample": True,
        "timestep_spacing": "linspace",
        "steps_offset": 2,
    },
]


def make_pipeline(rng, settings):
    """A small pipeline whose scheduler has hardly a setting of its class, and was used before."""
    length = int(torch.randint(200, 900, (1,), generator=rng))
    scheduler = DDPMScheduler(num_train_timesteps=length, **settings)
    scheduler.set_timesteps(EARLIER)
    return unconditional(plain_unet(), scheduler)


@pytest.fixture
def pipeline(rng):
    return make_pipeline(rng, OLD[0])


def swapped(exercise, pipeline, name):
    """Call the learner's function and look at what came back: a pipeline of the same class."""
    result = exercise.with_scheduler(pipeline, name)
    alone = isinstance(result, SchedulerMixin)
    hint = "The scheduler alone: put it into a new pipeline." if alone else ""
    expect.instance(result, type(pipeline).__name__, hint)
    hint = "This is the class itself: `from_config` makes an object of it."
    is_class = isinstance(result.scheduler, type)
    expect.instance(result.scheduler, NAMES[name], hint if is_class else "")
    return result


def check_scheduler(scheduler, old):
    """The scheduler has the configuration of the old, and is a new one."""
    untold = type(scheduler)().config
    expect.that(
        any(scheduler.config.get(key) != untold[key] for key in untold if not key.startswith("_")),
        f"a {type(scheduler).__name__} with the settings that its class has by itself",
        "the settings of the old scheduler",
        "Made without the old configuration: `from_config(pipeline.scheduler.config)`.",
    )
    wanted = type(scheduler).from_config(old.config)
    expect.configuration(scheduler, wanted)
    expect.that(
        scheduler.num_inference_steps is None,
        f"a scheduler with the timesteps of a walk of {describe(scheduler.num_inference_steps)}",
        "a new scheduler, made from the old one's configuration",
        "The old scheduler itself, or a copy of it: make a new one also where the class is the "
        "same."
        if scheduler.num_inference_steps == old.num_inference_steps
        else "",
    )


@pytest.mark.points(2)
@pytest.mark.parametrize("name", NAMES)
def test_the_new_scheduler_has_the_configuration_of_the_old_one(exercise, rng, name):
    """The new scheduler is of the class that was named, made from the old one's configuration."""
    for settings in OLD:
        pipeline = make_pipeline(rng, settings)
        old = copy.deepcopy(pipeline.scheduler)
        check_scheduler(swapped(exercise, pipeline, name).scheduler, old)


@pytest.mark.points(2)
@pytest.mark.parametrize("name", ["ddim", "dpm-solver++", "euler"])
def test_the_given_pipeline_keeps_its_scheduler(exercise, pipeline, name):
    """Whoever calls has two pipelines afterwards: theirs, as it was, and the new one."""
    old = copy.deepcopy(pipeline.scheduler)
    swapped(exercise, pipeline, name)
    kept = type(pipeline.scheduler) is type(old) and dict(pipeline.scheduler.config) == dict(
        old.config
    )
    expect.that(
        kept,
        f"the given pipeline has a {describe(pipeline.scheduler)} after the call",
        f"its own {describe(old)}",
        "The scheduler was put into the pipeline that was given: make a new pipeline.",
    )


def test_the_new_pipeline_has_the_same_model(exercise, pipeline):
    """The new pipeline has the weights of the given one."""
    wanted = copy.deepcopy(pipeline.unet).state_dict()
    weights = swapped(exercise, pipeline, "ddim").unet.state_dict()
    same = weights.keys() == wanted.keys() and all(
        torch.equal(weights[k], wanted[k]) for k in wanted
    )
    expect.that(
        same,
        "the UNet of the new pipeline has other weights",
        "the UNet of the given pipeline",
        "A scheduler has no weights and needs none: only the model that was trained will do.",
    )


def test_a_text_to_image_pipeline_keeps_its_other_parts(exercise):
    """Whatever the class of the pipeline, the new one is of it, with all its parts."""
    pipeline = text_to_image()
    parts = {name: type(part).__name__ for name, part in pipeline.components.items()}
    old = copy.deepcopy(pipeline.scheduler)
    result = swapped(exercise, pipeline, "euler")
    found = {name: type(part).__name__ for name, part in result.components.items()}
    expect.that(
        found == parts | {"scheduler": NAMES["euler"]},
        f"a pipeline of {found}",
        f"the parts of the given one, {parts}, with another scheduler",
    )
    check_scheduler(result.scheduler, old)


def test_there_and_back_nothing_is_lost(exercise, pipeline):
    """A setting that one class has no place for is still there when the next one asks for it."""
    old = copy.deepcopy(pipeline.scheduler)
    there = swapped(exercise, pipeline, "euler")
    back = swapped(exercise, there, "ddpm").scheduler
    expect.configuration(back, old)


@pytest.mark.parametrize("name", ["ddmi", "DDIMScheduler", ""])
def test_an_unknown_name_is_an_error_that_lists_the_names(exercise, pipeline, name):
    """A name that stands for nothing raises a ValueError, which says what could be typed."""
    wanted = f"a ValueError whose message lists the names: {', '.join(NAMES)}"
    try:
        result = exercise.with_scheduler(pipeline, name)
    except ValueError as error:
        missing = [known for known in NAMES if known not in str(error)]
        expect.that(not missing, f"a ValueError that says {str(error)!r}", wanted)
    except (KeyError, AttributeError) as error:
        hint = "A dict raises KeyError: look first whether the name is in it."
        hint = hint if isinstance(error, KeyError) else ""
        raise Wrong(f"{type(error).__name__}: {error}", wanted, hint) from error
    else:
        expect.that(False, f"{describe(result)} for the name {name!r}", wanted)


# denoise_scaled


def walk(model, scheduler, noise, steps, slip=None):
    """The samples that the model is shown and the last sample, with a `slip` of the name below."""
    sigmas = {"no sigma": 1.0, "unscaled": 1.0, "early sigma": scheduler.init_noise_sigma}
    scheduler.set_timesteps(EARLIER)
    sigmas["earlier sigma"] = scheduler.init_noise_sigma
    scheduler.set_timesteps(steps)
    sigma = sigmas.get(slip, scheduler.init_noise_sigma)
    sample, shown = noise * sigma, []
    for t in scheduler.timesteps:
        scaled = scheduler.scale_model_input(sample, t)
        if slip == "scaled twice":
            scaled = scheduler.scale_model_input(scaled, t)
        shown.append(sample if slip in ("not scaled", "unscaled") else scaled)
        prediction = model(shown[-1], t).sample
        stepped = scaled if slip == "scaled is stepped" else sample
        stepped = noise * sigma if slip == "not fed back" else stepped
        after = scheduler.step(prediction, t, stepped)
        clean = slip == "clean fed back" and hasattr(after, "pred_original_sample")
        sample = after.pred_original_sample if clean else after.prev_sample
        sample = sample.clamp(-1, 1) if slip == "clamped" else sample
    return torch.stack(shown), sample


EARLY = "`init_noise_sigma` was read before `set_timesteps`, which may change it."
SLIPS = {
    "no sigma": "The walk begins with bare noise: `init_noise_sigma` is its strength.",
    "early sigma": EARLY,
    "earlier sigma": EARLY,
    "not scaled": "The model is shown the sample itself: `scale_model_input` comes before it.",
    "unscaled": "Nothing is scaled, neither the noise at first nor what the model is shown.",
    "scaled twice": "The sample is scaled twice: `scale_model_input` once a step, for the model.",
    "scaled is stepped": "`step` was given the scaled sample: scaling is for the model alone.",
    "not fed back": "Each step begins with the noise again: the sample must be fed back.",
    "clean fed back": "`pred_original_sample` is the guess of the end: go on with `prev_sample`.",
    "clamped": "Each sample was clamped: on the way they are larger than 1, and must stay so.",
}


def denoised(exercise, model, scheduler, noise, steps, seed=None):
    """Call the learner's function and look at what came back: type, shape, dtype."""
    with expect.outputs_told():
        result = exercise.call("denoise_scaled", [model, scheduler, noise, steps], seed=seed)
    return expect.tensor(result, tuple(noise.shape), torch.float32)


def used_before(name, **settings):
    """A scheduler that does not clip, and whose timesteps are still those of another picture."""
    if name in ("ddim", "ddpm"):
        settings["clip_sample"] = False
    scheduler = CLASSES[name](beta_start=0.0001, beta_end=0.02, beta_schedule="linear", **settings)
    scheduler.set_timesteps(EARLIER)
    return scheduler


def anew(scheduler):
    """One with the same settings: `from_config` takes ten times as long."""
    settings = {k: v for k, v in scheduler.config.items() if not k.startswith("_")}
    return type(scheduler)(**settings)


def check_timesteps(calls, scheduler, steps, batch):
    """The model was called once at each of the timesteps, with one timestep for all pictures."""
    wanted, earlier = timesteps_of(scheduler, steps), timesteps_of(scheduler, EARLIER)
    times = [torch.as_tensor(call["timestep"]).double().reshape(-1) for call in calls]
    uniform = all(len(time) in (1, batch) and (time == time[0]).all() for time in times)
    found = [time[0].item() for time in times] if uniform else None
    seen = f"{len(calls)} calls of the model" + (f", at {describe(found)}" if uniform else "")
    expected = f"{len(wanted)} calls, one for each of `scheduler.timesteps`, {describe(wanted)}"
    if len(wanted) != steps:
        expected = (
            f"{len(wanted)} calls, one for each of `scheduler.timesteps`, which are more than the "
            f"{steps} steps"
        )
    slips = {
        "The timesteps are those of an earlier walk: `set_timesteps` comes first.": earlier,
        "Upwards: sampling goes from much noise to little, in the order of `timesteps`.": (
            wanted[::-1]
        ),
        "The model was told the number of the step, not the timestep.": list(range(len(wanted))),
        "Only so many as there are steps: go through `scheduler.timesteps` itself.": wanted[:steps],
    }
    near = lambda times: found == pytest.approx(times, abs=1e-3)  # noqa: E731  float32 of up to 1000
    hint = next((hint for hint, slip in slips.items() if uniform and near(slip)), "")
    expect.that(uniform and near(wanted), seen, expected, hint)


def timesteps_of(scheduler, steps):
    fresh = anew(scheduler)
    fresh.set_timesteps(steps)
    return fresh.timesteps.tolist()


def check_shown(calls, noise, wanted, walked):
    """At each step the model was shown the scaled sample.

    wanted  the samples that must be shown
    walked  gives those of a slip, and the last sample
    """
    expect.that(
        all(call["sample"].shape == noise.shape for call in calls),
        f"the model was shown a {describe(calls[0]['sample'])}",
        f"the whole batch {tuple(noise.shape)} in each call",
    )
    shown = torch.stack([call["sample"] for call in calls])
    off = [number for number in range(len(wanted)) if not near(shown[number], wanted[number])]
    if off:
        raise Wrong(
            f"call {off[0] + 1} of {len(wanted)} showed the model numbers that are off by up to "
            f"{_deviation(shown[off[0]], wanted[off[0]])}",
            "what `scale_model_input` makes of the sample, which begins as "
            "`noise * init_noise_sigma` and goes on as `prev_sample`",
            _walk_hint(shown, walked),
        )


def _deviation(one, other):
    return f"{(one - other).abs().max().item():.3g}"


def _walk_hint(shown, walked):
    """The slip by which the model is shown these very samples."""
    return next((hint for slip, hint in SLIPS.items() if near(shown, walked(slip)[0])), "")


def _result_hint(result, last):
    """The slip that makes this of the last sample."""
    slips = {
        "The last sample was clamped.": last.clamp(-1, 1),
        "The last sample was brought to [0, 1].": last / 2 + 0.5,
        "The last sample was brought to [0, 1] and clamped.": (last / 2 + 0.5).clamp(0, 1),
    }
    return next((hint for hint, slip in slips.items() if near(result, slip)), "")


def near(one, other):
    """Equal but for the rounding of float32 over some steps, which grows with the numbers."""
    return one.shape == other.shape and torch.allclose(
        one, other, rtol=0, atol=1e-3 * (1 + other.abs().max().item())
    )


def shown_as_it_must_be(exercise, rng, seed, name, spacing):
    """Call the learner's function, look at what the model was shown; return its and our result.

    The pixels are spread so widely that much of every sample lies outside [-1, 1].
    """
    model = GaussianUNet(0.3, 1.5, beta_schedule="linear").eval()
    scheduler = used_before(name, timestep_spacing=spacing)
    noise, own = torch.randn(2, 3, 8, 8, generator=rng), copy.deepcopy(model)
    result = denoised(exercise, model, scheduler, noise, 6, seed)
    calls = model.calls
    check_timesteps(calls, scheduler, 6, len(noise))

    @torch.no_grad()
    def walked(slip=None):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return walk(own, anew(scheduler), noise, 6, slip)

    wanted, last = walked()
    check_shown(calls, noise, wanted, walked)
    return result, last


@pytest.mark.points(3)
@pytest.mark.parametrize("spacing", ["linspace", "leading"])
@pytest.mark.parametrize("name", CLASSES)
def test_the_model_is_shown_the_scaled_sample(exercise, rng, seed, name, spacing):
    """Each scheduler has a scale of its own for its samples; the model knows that of DDPM only."""
    shown_as_it_must_be(exercise, rng, seed, name, spacing)


@pytest.mark.points(2)
@pytest.mark.parametrize("name", CLASSES)
def test_the_last_sample_comes_back_just_as_it_is(exercise, rng, seed, name):
    """The result is the sample after the last step, neither clamped nor rescaled."""
    result, last = shown_as_it_must_be(exercise, rng, seed, name, "leading")
    expect.that(
        near(result, last),
        f"the result is off by up to {_deviation(result, last)}",
        "the sample after the last step, just as it is",
        _result_hint(result, last),
    )


def test_what_the_steps_draw_comes_from_the_global_state(exercise, rng, seed):
    """DDPM draws in its steps: other numbers, and so other pictures, in each call."""
    model, scheduler = GaussianUNet().eval(), used_before("ddpm")
    noise = torch.randn(2, 3, 8, 8, generator=rng)
    one, other = (denoised(exercise, model, scheduler, noise, 3, seed + n) for n in (1, 2))
    expect.that(
        not torch.equal(one, other),
        "the same pictures, though torch's global random state was another one",
        "numbers from the global random state as whoever calls has left it",
        "Is it seeded here, or does `step` get a generator with a seed of its own?",
    )


@pytest.mark.points(2)
@pytest.mark.parametrize(
    "name, share, bound",
    [("ddim", 0.6, 0.15), ("euler", 0.6, 0.15), ("dpm-solver++", 0.35, 0.04), ("heun", 0.35, 0.04)],
)
def test_more_steps_lead_to_one_picture(exercise, rng, name, share, bound):
    """Without chance in the steps, every sampler nears the same picture, each at its own rate.

    For pixels of mean m and standard deviation s the exact path is known: a number that begins z
    standard deviations from the mean ends there. Twice the steps halve the error of a sampler of
    first order and quarter that of one of second order; the bounds leave some room for the fact
    that 20 steps are few.
    """
    mean, std = (torch.rand(2, generator=rng) * 0.2 + torch.tensor([0.1, 0.4])).tolist()
    model = GaussianUNet(mean, std, beta_schedule="linear")
    noise = torch.randn(4, 3, 8, 8, generator=rng)
    errors = []
    for steps in (20, 40):
        scheduler = used_before(name, timestep_spacing="leading")
        result = denoised(exercise, model, scheduler, noise, steps)
        target = exact_end(model, anew(scheduler), noise, steps)
        errors.append((result - target).square().mean().sqrt().item() / std)
    seen = f"off by {errors[0]:.1%} of the pixels' spread in 20 steps, by {errors[1]:.1%} in 40"
    expect.that(errors[1] <= bound, seen, f"at most {bound:.0%} in 40 steps")
    expect.that(errors[1] <= share * errors[0], seen, f"at most {share:.0%} of it in 40 steps")


def exact_end(model, scheduler, noise, steps):
    """The exact path's end for the noise with which the walk of so many steps begins."""
    scheduler.set_timesteps(steps)
    alpha_bar = model.alpha_bar(scheduler.timesteps[0])
    mean, std = model.config.mean, model.config.std
    deviations = (noise - alpha_bar.sqrt() * mean) / (alpha_bar * std**2 + 1 - alpha_bar).sqrt()
    return (mean + std * deviations).float()


def test_the_weights_can_be_trained_as_before(exercise, rng):
    """Whoever calls may go on training: what was to be trained is still to be trained."""
    model = tiny_unet(**SMALLEST).eval()
    next(model.parameters()).requires_grad_(False)
    before = [parameter.requires_grad for parameter in model.parameters()]
    denoised(exercise, model, used_before("ddim"), torch.randn(2, 3, 8, 8, generator=rng), 2)
    after = [parameter.requires_grad for parameter in model.parameters()]
    expect.that(
        after == before,
        f"{sum(after)} of the model's {len(after)} parameters require gradients after the call",
        f"{sum(before)} of them, as before the call",
        "`requires_grad_(False)` stays in the model: `torch.no_grad()` is for the loop alone."
        if not any(after)
        else "",
    )


@pytest.mark.parametrize("training", [True, False])
def test_the_model_is_asked_in_evaluation_mode(exercise, rng, training):
    """The model is asked in evaluation mode, and afterwards is in the mode in which it came."""
    model = tiny_unet(**SMALLEST).train(training)
    denoised(exercise, model, used_before("ddim"), torch.randn(2, 3, 8, 8, generator=rng), 2)
    expect.that(
        not any(call["training"] for call in model.calls),
        "the model was asked in training mode",
        "evaluation mode: `model.eval()`",
        "In training mode dropout would throw away parts of the picture.",
    )
    expect.that(
        model.training == training,
        f"afterwards the model is in {'training' if model.training else 'evaluation'} mode",
        f"the mode in which it came: `model.train({training})`",
    )


def test_no_graph_is_kept(exercise, rng):
    """Nothing is kept for a backward pass, which would fill the memory."""
    model = tiny_unet(**SMALLEST).eval()
    denoised(exercise, model, used_before("euler"), torch.randn(2, 3, 8, 8, generator=rng), 2)
    on_graph = exercise.last.on_graph or any(call["on_graph"] for call in model.calls)
    expect.that(
        not on_graph,
        "a sample on autograd's graph",
        "samples without a graph: the loop under `torch.no_grad()`",
    )
    expect.autograd_left_on(exercise.last)


def test_the_noise_stays_as_it_was(exercise, rng):
    """Whoever calls may give the same noise to the next sampler."""
    noise = torch.randn(2, 3, 8, 8, generator=rng)
    denoised(exercise, GaussianUNet().eval(), used_before("euler"), noise, 2)
    expect.unchanged(exercise.last)


@pytest.mark.gpu
def test_it_samples_on_a_gpu(exercise, rng):
    """On a GPU the pictures stay there."""
    model = tiny_unet(**SMALLEST).eval().to("cuda")
    noise = torch.randn(2, 3, 8, 8, generator=rng).to("cuda")
    result = denoised(exercise, model, used_before("euler"), noise, 4)
    expect.that(result.is_cuda, f"pictures on {result.device}", "pictures on the model's device")
