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
    """A scheduler of one of the SCHEDULES with a number of timesteps drawn from `rng`."""
    length, settings = draw_length(rng), SCHEDULES[kind]
    if not settings:
        betas = torch.rand(length, generator=rng) * 0.05 + 0.001
        settings = {"trained_betas": betas.tolist()}
    return DDPMScheduler(num_train_timesteps=length, **settings)


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


def rates(exercise, scheduler):
    """Call the learner's function, with a copy, and look at what came back: type, shape, dtype."""
    result = exercise.signal_and_noise_rates(copy.deepcopy(scheduler))
    signal, noise = expect.pair(result, "signal, noise")
    for name, value in [("signal", signal), ("noise", noise)]:
        expect.tensor(value, (len(scheduler.betas),), torch.float32, name=name)
    return signal, noise


def check_scheduler(scheduler, num_train_timesteps, beta_schedule):
    """A DDPMScheduler of these two settings, otherwise as the library has it."""
    wanted = DDPMScheduler(num_train_timesteps, beta_schedule=beta_schedule)
    expect.instance(scheduler, "DDPMScheduler")
    expect.configuration(scheduler, wanted)
    length = (num_train_timesteps,)
    expect.tensor(scheduler.betas, length, torch.float32, name="`scheduler.betas`")
    because = f"the schedule {beta_schedule!r}"
    expect.close(scheduler.betas, wanted.betas, 1e-6, "`scheduler.betas`", because=because)


@pytest.mark.points(2)
def test_the_scheduler_is_made_for_training_by_default(exercise):
    """Without arguments it is the cosine schedule with 1000 timesteps."""
    check_scheduler(exercise.make_scheduler(), 1000, "squaredcos_cap_v2")


@pytest.mark.parametrize("beta_schedule", ["linear", "scaled_linear", "squaredcos_cap_v2"])
def test_both_arguments_reach_the_scheduler(exercise, rng, beta_schedule):
    """Another length and another schedule can be asked for."""
    length = draw_length(rng)
    check_scheduler(exercise.make_scheduler(length, beta_schedule), length, beta_schedule)


def test_there_is_a_rate_for_each_timestep(exercise, rng):
    """Signal and noise are two tensors with a number for every timestep."""
    rates(exercise, draw_scheduler(rng, "cosine"))


@pytest.mark.parametrize("kind", SCHEDULES)
def test_the_picture_fades_and_the_noise_grows(exercise, rng, kind):
    """From t = 0 on the signal only falls and the noise only rises."""
    scheduler = draw_scheduler(rng, kind)
    pair = rates(exercise, scheduler)
    rounding = 1e-6  # float32: two neighbours may be equal
    for place, (name, value, sign) in enumerate([("signal", pair[0], -1), ("noise", pair[1], 1)]):
        slips = {slip: wrong[place] for slip, wrong in mistaken_rates(scheduler).items()}
        against = (value.diff() * sign < -rounding).nonzero()
        step = int(against[0]) if len(against) else 0
        expect.that(
            not len(against),
            f"{name} goes from {value[step]:.4f} at t = {step} to {value[step + 1]:.4f} one later",
            f"{name} that {'rises' if sign > 0 else 'falls'} from each timestep to the next",
            expect.misconception(value, slips),
        )


@pytest.mark.parametrize("kind", SCHEDULES)
def test_the_variances_add_up_to_one(exercise, rng, kind):
    """The mixture is as strong as the picture was: signal² + noise² = 1."""
    scheduler = draw_scheduler(rng, kind)
    signal, noise = rates(exercise, scheduler)
    total = signal**2 + noise**2
    worst = int((total - 1).abs().argmax())
    summed = bool(torch.allclose(signal + noise, torch.ones_like(signal), atol=1e-4))
    expect.that(
        abs(total[worst].item() - 1) < 1e-4,  # float32
        f"signal {signal[worst]:.4f} and noise {noise[worst]:.4f} at t = {worst}: "
        f"the squares sum to {total[worst]:.4f}",
        "signal² + noise² = 1, because variances add",
        "The rates themselves add up to one; their squares must." if summed else "",
    )


@pytest.mark.points(2)
@pytest.mark.parametrize("kind", SCHEDULES)
def test_the_rates_are_those_of_the_scheduler(exercise, rng, kind):
    """The rates are sqrt(alpha_bar) and sqrt(1 - alpha_bar) of the scheduler that was given."""
    scheduler = draw_scheduler(rng, kind)
    signal, noise = rates(exercise, scheduler)
    wanted = mixing_rates(scheduler.alphas_cumprod)
    for place, (name, value, formula) in enumerate(
        [("signal", signal, "sqrt(alpha_bar_t)"), ("noise", noise, "sqrt(1 - alpha_bar_t)")]
    ):
        slips = {slip: wrong[place] for slip, wrong in mistaken_rates(scheduler).items()}
        hint = expect.misconception(value, slips)
        because = f"{formula} (schedule: {kind}, T = {len(value)})"
        # float32: 1 - alpha_bar is rounded before its root is taken
        expect.close(value, wanted[place], 1e-4, name, hint, because)


def test_the_scheduler_stays_as_it_was(exercise, rng):
    """Whoever calls still has the scheduler's own numbers afterwards."""
    scheduler = draw_scheduler(rng, "cosine")
    before = {name: getattr(scheduler, name).clone() for name in ("betas", "alphas_cumprod")}
    exercise.signal_and_noise_rates(scheduler)
    for name, value in before.items():
        expect.that(
            torch.equal(getattr(scheduler, name), value),
            f"`scheduler.{name}` was changed by the call",
            "the scheduler as it was: the training goes on with it",
            "An operation in place: `sqrt_`, `cumprod_`, `*=`, ...",
        )


@pytest.mark.parametrize("beta_schedule", ["squaredcos_cap_v2", "linear"])
def test_cosine_keeps_the_picture_longer_than_linear(exercise, beta_schedule):
    """Your scheduler, seen through your rates, follows the formula of its paper."""
    signal, _ = rates(exercise, exercise.make_scheduler(1000, beta_schedule))
    t = torch.arange(1000, dtype=torch.float64)
    if beta_schedule == "linear":
        formula = "the root of the product of 1 - beta, with beta from 0.0001 to 0.02"
        wanted = (1 - 1e-4 - (0.02 - 1e-4) * t / 999).log().cumsum(0).div(2).exp()
    else:
        formula = "cos((t + 1) / T * pi / 2), but for an offset of 0.008"
        angle = ((t + 1) / 1000 + 0.008) / 1.008 * math.pi / 2
        wanted = angle.cos() / math.cos(0.008 / 1.008 * math.pi / 2)
    # The cosine schedule caps its last beta at 0.999 and so ends a little above zero.
    expect.close(signal, wanted, 1e-3, f"the signal of {beta_schedule!r}", because=formula)
