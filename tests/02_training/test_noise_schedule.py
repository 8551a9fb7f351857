"""The schedule: betas, their running product alpha_bar, and the two rates that come of it."""

import copy
import math

import pytest
import torch
from diffusers import DDPMScheduler

from kata import expect

SCHEDULES = {
    "cosine": {"beta_schedule": "squaredcos_cap_v2"},
    "linear": {"beta_schedule": "linear"},
    "of Stable Diffusion": {
        "beta_schedule": "scaled_linear",
        "beta_start": 0.00085,
        "beta_end": 0.012,
    },
    "ending in pure noise": {"beta_schedule": "linear", "rescale_betas_zero_snr": True},
    "of betas drawn at random": {},
}


def draw_length(rng):
    return int(torch.randint(60, 300, (1,), generator=rng))


def draw_scheduler(rng, kind):
    """A scheduler of one of the SCHEDULES with T drawn from `rng`, sampled with already."""
    length, settings = draw_length(rng), SCHEDULES[kind]
    if not settings:
        betas = torch.rand(length, generator=rng) * 0.05 + 0.001
        settings = {"trained_betas": betas.tolist()}
    scheduler = DDPMScheduler(num_train_timesteps=length, **settings)
    scheduler.set_timesteps(10)
    return scheduler


def mixing_rates(alphas_cumprod):
    return alphas_cumprod.sqrt(), (1 - alphas_cumprod).sqrt()


def mistaken_rates(scheduler):
    """What well-known slips give for this scheduler: {slip: (signal, noise)}."""
    betas, alphas_cumprod = scheduler.betas, scheduler.alphas_cumprod
    signal, noise = mixing_rates(alphas_cumprod)
    linear, cosine, same_name = (
        mixing_rates(DDPMScheduler(len(betas), beta_schedule=name).alphas_cumprod)
        for name in ("linear", "squaredcos_cap_v2", scheduler.config.beta_schedule)
    )
    slips = {}
    slips["A square root is missing: this is the share of the variance."] = (
        alphas_cumprod,
        1 - alphas_cumprod,
    )
    slips["alpha_t stands for alpha_bar_t, the product of all alphas up to t."] = mixing_rates(
        scheduler.alphas
    )
    slips["This is the other one of the two rates: `return signal, noise`."] = noise, signal
    slips["1 - sqrt(alpha_bar) stands for sqrt(1 - alpha_bar)."] = signal, 1 - signal
    slips["The product was taken of the betas, not of the alphas."] = mixing_rates(betas.cumprod(0))
    slips["`alphas_cumprod` is a product already; this is the product of it once more."] = (
        mixing_rates(alphas_cumprod.cumprod(0))
    )
    slips["The rates run backwards: the first is for t = 0, the cleanest picture."] = (
        signal.flip(0),
        noise.flip(0),
    )
    slips["These are the rates of a linear schedule, not of the scheduler that was given."] = linear
    slips["These are the rates of the cosine schedule, not of the scheduler given."] = cosine
    slips["A new scheduler was made by the name of the schedule; its betas are others."] = same_name
    return slips


def slip(value, place, scheduler):
    """The slip that gives this very value as the signal (place 0) or as the noise (place 1)."""
    right = {"": mixing_rates(scheduler.alphas_cumprod)}  # some slips leave one of the two right
    known = (right | mistaken_rates(scheduler)).items()
    return expect.misconception(value, {hint: pair[place] for hint, pair in known})


def rates(exercise, scheduler):
    """Call the learner's function, with a copy, and look at what came back: type, shape, dtype."""
    result = exercise.signal_and_noise_rates(copy.deepcopy(scheduler))
    signal, noise = expect.pair(result, "signal, noise")
    for name, value in [("signal", signal), ("noise", noise)]:
        few = getattr(value, "shape", None) == scheduler.timesteps.shape != scheduler.betas.shape
        hint = "As many as in `scheduler.timesteps`, which is for sampling; T are asked for."
        length = (len(scheduler.betas),)
        expect.tensor(value, length, torch.float32, name=name, hint=hint if few else "")
    return signal, noise


def check_rates(pair, scheduler, kind):
    """The two rates are those of the scheduler, which is one of this kind of SCHEDULES."""
    formulas = [("signal", "sqrt(alpha_bar_t)"), ("noise", "sqrt(1 - alpha_bar_t)")]
    wanted = mixing_rates(scheduler.alphas_cumprod)
    for place, (name, formula) in enumerate(formulas):
        because = f"{formula} (schedule: {kind}, T = {len(scheduler.betas)})"
        hint = slip(pair[place], place, scheduler)
        # float32: 1 - alpha_bar is rounded before its root is taken
        expect.close(pair[place], wanted[place], 1e-4, name, hint, because)


def check_scheduler(scheduler, num_train_timesteps, beta_schedule):
    """A DDPMScheduler of these two settings, otherwise as the library has it."""
    wanted = DDPMScheduler(num_train_timesteps, beta_schedule=beta_schedule)
    expect.instance(scheduler, "DDPMScheduler")
    expect.configuration(scheduler, wanted)
    length = (num_train_timesteps,)
    expect.tensor(scheduler.betas, length, torch.float32, name="`scheduler.betas`")
    because = f"the schedule {beta_schedule!r}"
    expect.close(scheduler.betas, wanted.betas, 1e-6, "`scheduler.betas`", because=because)
    expect.tensor(
        scheduler.timesteps,
        length,
        name="`scheduler.timesteps`",
        hint="`set_timesteps` is for sampling; a new scheduler has all T.",
    )


@pytest.mark.points(2)
def test_the_scheduler_is_made_for_training_by_default(exercise):
    """Without arguments it is the cosine schedule with 1000 timesteps."""
    check_scheduler(exercise.make_scheduler(), 1000, "squaredcos_cap_v2")


def test_both_arguments_reach_the_scheduler(exercise, rng):
    """Another length and another schedule can be asked for."""
    for beta_schedule in ("linear", "scaled_linear", "squaredcos_cap_v2"):
        length = draw_length(rng)
        check_scheduler(exercise.make_scheduler(length, beta_schedule), length, beta_schedule)


def test_there_is_a_rate_for_each_timestep(exercise, rng):
    """Signal and noise are two tensors with a number for every timestep."""
    rates(exercise, draw_scheduler(rng, "cosine"))


@pytest.mark.points(3)
def test_the_picture_fades_and_the_noise_grows(exercise, rng):
    """From t = 0 on the signal only falls and the noise only rises."""
    for kind in SCHEDULES:
        scheduler = draw_scheduler(rng, kind)
        signal, noise = rates(exercise, scheduler)
        _check_direction("signal", -signal, slip(signal, 0, scheduler))
        _check_direction("noise", noise, slip(noise, 1, scheduler))
        check_rates((signal, noise), scheduler, kind)


def _check_direction(name, rising, hint):
    """No number is smaller than the one before it: of the noise, or of the signal's negative."""
    rounding = 1e-6  # float32: two neighbours may be equal
    against = (rising.diff() < -rounding).nonzero()
    step = int(against[0]) if len(against) else 0
    one, next_one = rising[step : step + 2].abs().tolist()
    expect.that(
        not len(against),
        f"{name} goes from {one:.4f} at t = {step} to {next_one:.4f} one later",
        f"{name} that {'rises' if name == 'noise' else 'falls'} from each timestep to the next",
        hint,
    )


@pytest.mark.points(3)
def test_the_variances_add_up_to_one(exercise, rng):
    """The mixture is as strong as the picture was: signal² + noise² = 1."""
    for kind in SCHEDULES:
        scheduler = draw_scheduler(rng, kind)
        signal, noise = rates(exercise, scheduler)
        total = signal**2 + noise**2
        worst = int((total - 1).abs().argmax())
        expect.that(
            abs(total[worst].item() - 1) < 1e-4,  # float32
            f"signal {signal[worst]:.4f} and noise {noise[worst]:.4f} at t = {worst}: "
            f"the squares sum to {total[worst]:.4f}",
            "signal² + noise² = 1, because variances add",
            slip(signal, 0, scheduler) or slip(noise, 1, scheduler) or _sum_hint(signal + noise),
        )
        check_rates((signal, noise), scheduler, kind)


def _sum_hint(total):
    adds_up = torch.allclose(total, torch.ones_like(total), atol=1e-4)
    return "The rates themselves add up to one; their squares must." if adds_up else ""


@pytest.mark.points(4)
def test_the_rates_are_those_of_the_scheduler(exercise, rng):
    """The rates are sqrt(alpha_bar) and sqrt(1 - alpha_bar) of the scheduler that was given."""
    for kind in SCHEDULES:
        scheduler = draw_scheduler(rng, kind)
        check_rates(rates(exercise, scheduler), scheduler, kind)


def test_the_scheduler_stays_as_it_was(exercise, rng):
    """Whoever calls still has the scheduler's own numbers afterwards."""
    scheduler = draw_scheduler(rng, "cosine")
    before = {name: getattr(scheduler, name).clone() for name in ("betas", "alphas_cumprod")}
    pair = rates(exercise, scheduler)
    after = exercise.last.after[0]
    for name, value in before.items():
        expect.that(
            torch.equal(getattr(after, name), value),
            f"`scheduler.{name}` was changed by the call",
            "the scheduler as it was: the training goes on with it",
            "An operation in place: `sqrt_`, `cumprod_`, `*=`, ...",
        )
    check_rates(pair, scheduler, "cosine")


def test_cosine_keeps_the_picture_longer_than_linear(exercise):
    """Your scheduler, seen through your rates, follows the formula of its paper."""
    t = torch.arange(1000, dtype=torch.float64)
    angle = ((t + 1) / 1000 + 0.008) / 1.008 * math.pi / 2
    formulas = {
        "squaredcos_cap_v2": (
            "cos((t + 1) / T * pi / 2), but for an offset of 0.008",
            angle.cos() / math.cos(0.008 / 1.008 * math.pi / 2),
        ),
        "linear": (
            "the root of the product of 1 - beta, with beta from 0.0001 to 0.02",
            (1 - 1e-4 - (0.02 - 1e-4) * t / 999).log().cumsum(0).div(2).exp(),
        ),
    }
    for beta_schedule, (formula, wanted) in formulas.items():
        scheduler = exercise.make_scheduler(1000, beta_schedule)
        expect.instance(scheduler, "DDPMScheduler")
        signal, _ = rates(exercise, scheduler)
        name = f"the signal of {beta_schedule!r}"
        # The cosine schedule caps its last beta at 0.999 and so ends a little above zero.
        expect.close(signal, wanted, 1e-3, name, slip(signal, 0, scheduler), because=formula)
