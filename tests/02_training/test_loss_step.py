"""The loss of algorithm 1 of DDPM: mean squared error between the noise and its prediction."""

import copy

import pytest
import torch
import torch.nn.functional as F
from diffusers import DDPMScheduler

from kata import draw, expect, replay
from kata.probes import ONE_LEVEL, tiny_unet


@pytest.fixture
def scheduler():
    """Few timesteps with large differences, so that each of them is seen in the pictures."""
    return DDPMScheduler(num_train_timesteps=12, beta_start=0.02, beta_end=0.4)


@pytest.fixture
def model(seed):
    return tiny_unet(seed=seed, **ONE_LEVEL)


def asked(exercise, model, scheduler, images, generator=None, **options):
    """Call the learner's function: the right loss, and the one forward pass that it was made of."""
    before = copy.deepcopy(model)
    loss, seen = any_loss(exercise, model, scheduler, images, generator, **options)
    check_loss(loss, before, seen)
    return loss, seen


def any_loss(exercise, model, scheduler, images, generator=None, **options):
    """The same, where something else is to be looked at before the loss."""
    model.calls = []
    model.zero_grad()
    arguments = [model, scheduler, images, generator]
    loss = exercise.call("training_loss", arguments, **options)
    hint = ""
    if isinstance(loss, float):
        hint = "`.item()` and `float` leave the graph: there is no `backward` from a number."
    if isinstance(loss, torch.Tensor) and loss.shape != ():
        hint = "The mean goes over all pictures, channels and pixels."
    expect.tensor(loss, (), torch.float32, name="the loss", hint=hint)
    expect.that(
        options.get("backward") or all(p.grad is None for p in model.parameters()),
        "gradients in the model after the call",
        "a loss on which nobody has called `backward` yet",
    )
    return loss, replay.only_pass(model.calls, images, scheduler)


def check_loss(loss, model, seen):
    """The loss is that of this model, as it was before the call, on what it was shown."""
    with torch.no_grad():
        predicted = seen.predicted_by(model)
        right = F.mse_loss(predicted, seen.noise)
    expect.that(
        abs(loss - right) < 1e-5,  # float32, and noise after a division by sqrt(0.02) or more
        f"a loss of {loss:.5f}",
        f"{right:.5f}, the mean of (prediction - noise)^2 over all that your model was shown",
        wrong_loss(loss, predicted, seen) or second_draw(loss, predicted),
    )


@pytest.mark.points(2)
def test_the_model_is_shown_noisy_pictures_and_their_timesteps(exercise, model, scheduler, rng):
    """The model sees pictures that standard normal noise was mixed into, each at its timestep."""
    images, before = draw.pictures(rng, 64, 8), copy.deepcopy(model)
    loss, seen = any_loss(exercise, model, scheduler, images)
    replay.expect_draws(scheduler, [seen])
    check_loss(loss, before, seen)


@pytest.mark.points(3)
def test_the_loss_is_the_mean_squared_error_against_the_noise(exercise, model, scheduler, rng):
    """The loss compares the model's prediction with the noise that is in the pictures."""
    asked(exercise, model, scheduler, draw.pictures(rng, 32, 8))


def wrong_loss(loss, predicted, seen):
    """The misconception that gives this very loss, or nothing."""
    error = predicted - seen.noise
    losses = {
        "The target is the clean pictures: this scheduler's model predicts the noise.": (
            F.mse_loss(predicted, seen.clean)
        ),
        "The target is the noisy pictures, which the model was shown anyway.": (
            F.mse_loss(predicted, seen.noisy)
        ),
        "The mean of the absolute error (L1), not of its square.": error.abs().mean(),
        "`smooth_l1_loss` is not the squared error.": F.smooth_l1_loss(predicted, seen.noise),
        "The sum over everything, not the mean.": error.square().sum(),
        "The sum over each picture: the mean goes over channels and pixels too.": (
            error.square().sum() / len(error)
        ),
        "The square root of the mean squared error.": error.square().mean().sqrt(),
        "Half of the mean squared error.": error.square().mean() / 2,
        "The mean error without its square.": error.mean(),
        "The mean of the squared noise: the prediction is missing.": seen.noise.square().mean(),
        "A sign is wrong: the prediction was added to the noise.": (
            F.mse_loss(predicted, -seen.noise)
        ),
    }
    return expect.misconception(loss / loss, {hint: wrong / loss for hint, wrong in losses.items()})


def second_draw(loss, predicted):
    """Against a standard normal target that it knows nothing of, the loss is 1 + mean(p^2).

    Its standard error comes from the target's squares and from its products with the prediction.
    """
    square, n = predicted.double().square().mean().item(), predicted.numel()
    error = (2 / n + 4 * square / n) ** 0.5
    fits = abs(loss.item() - 1 - square) < 5 * error
    return "The target is like a second draw of noise, not the noise in the pictures." * fits


@pytest.mark.points(2)
def test_backward_reaches_every_weight_of_the_model(exercise, model, scheduler, rng):
    """The loss is on the graph: its gradients are those of the mean squared error."""
    images, before = draw.pictures(rng, 16, 8), copy.deepcopy(model)
    any_loss(exercise, model, scheduler, images)
    _, seen = any_loss(exercise, model, scheduler, images, backward=True)
    expect.that(
        exercise.last.on_graph,
        "a loss that requires no gradient",
        "a loss on the graph, so that `loss.backward()` reaches the weights",
        "`detach`, `.data`, `torch.tensor(loss)` or `no_grad` cut it off.",
    )
    seen.loss(before).backward()
    expect.that(
        all(p.grad is not None for p in model.parameters()),
        "weights of the model that no gradient reached",
        "a gradient for every weight",
    )
    learned, expected = (replay.flat(p.grad for p in m.parameters()) for m in (model, before))
    error = ((learned - expected).norm() / expected.norm()).item()
    expect.that(
        error < 1e-3,  # float32
        f"gradients that are off by {error:.1%}",
        "the gradients of the mean squared error against the noise",
    )


def test_the_model_and_the_pictures_stay_as_they_were(exercise, model, scheduler, rng):
    """The loss is returned, not yet used: model, scheduler and pictures stay as they were."""
    model.eval()
    for parameter in model.parameters():
        parameter.grad = torch.randn_like(parameter)
    scheduler.set_timesteps(3)
    weights, timesteps = replay.flat(model.parameters()), scheduler.timesteps.clone()
    gradients = replay.flat(p.grad for p in model.parameters())
    images = draw.pictures(rng, 4, 8)
    before = copy.deepcopy(model)
    loss = expect.tensor(exercise.training_loss(model, scheduler, images), (), name="the loss")
    check_loss(loss, before, replay.only_pass(model.calls, images, scheduler))
    expect.unchanged(exercise.last)
    expect.that(
        torch.equal(weights, replay.flat(model.parameters())),
        "a model with other weights after the call",
        "the weights as they were: the step comes later",
    )
    expect.that(
        not model.training,
        "a model in training mode after the call, which came in evaluation mode",
        "the mode as it was: whoever called has chosen it",
    )
    held = [p.grad for p in model.parameters() if p.grad is not None]
    expect.that(
        len(held) == len(list(model.parameters())) and torch.equal(gradients, replay.flat(held)),
        "other gradients in the model than before the call",
        "the gradients as they were: clearing them belongs to the step, not to the loss",
    )
    expect.that(
        torch.equal(timesteps, scheduler.timesteps),
        "a scheduler with other `timesteps` after the call",
        "the scheduler as it was",
    )


@pytest.mark.points(2)
def test_timesteps_are_uniform_over_the_whole_schedule(exercise, model, rng):
    """Every timestep from 0 to the last one is as likely as any other, whatever the schedule."""
    scheduler = DDPMScheduler(num_train_timesteps=6, beta_start=0.1, beta_end=0.4)
    scheduler.set_timesteps(3)  # for a preview: this changes `timesteps`, but not the schedule
    images = draw.pictures(rng, 512, 2)
    passes = [asked(exercise, model, scheduler, images)[1] for _ in range(4)]
    replay.expect_timesteps(scheduler, passes)
    # Of independent timesteps a batch has this very mean once in 97 times.
    expect.that(
        any(seen.timesteps.float().mean() != 2.5 for seen in passes),
        "batches whose timesteps always have the mean 2.5, as if they were paired",
        "a timestep for each picture, independent of the others",
    )


def test_each_call_draws_anew(exercise, model, scheduler, rng):
    """Without a generator the global random state decides: other timesteps, other noise."""
    images = draw.pictures(rng, 16, 8)
    one, same, other = (
        asked(exercise, model, scheduler, images, seed=seed)[1] for seed in (1, 1, 2)
    )
    expected = "timesteps and noise from torch's global random state, drawn at each call"
    for name in ("timesteps", "noise"):
        first, equal, another = (getattr(seen, name) for seen in (one, same, other))
        expect.that(
            not torch.equal(first, another),
            f"the same {name} after `torch.manual_seed` with two seeds",
            expected,
            f"A seed inside the function makes the {name} of every batch equal.",
        )
        expect.that(
            torch.equal(first, equal), f"other {name} after the same `torch.manual_seed`", expected
        )


@pytest.mark.points(2)
@pytest.mark.parametrize("name", ["timesteps", "noise"])
def test_the_generator_feeds_both_draws(exercise, model, scheduler, rng, seed, name):
    """With a generator, timesteps and noise come from it and from nothing else."""
    images = draw.pictures(rng, 16, 8)
    expect.drawn_from_generator(
        lambda g: getattr(asked(exercise, model, scheduler, images, g)[1], name), seed, name
    )


@pytest.mark.gpu
def test_the_loss_is_computed_where_the_model_lies(exercise, model, scheduler, rng):
    """On a GPU everything is moved there, although the generator is one of the CPU."""
    model.to("cuda")
    images, before = draw.pictures(rng, 8, 8).to("cuda"), copy.deepcopy(model)
    loss, seen = asked(exercise, model, scheduler, images, torch.Generator().manual_seed(1))
    expect.that(loss.is_cuda, f"a loss on {loss.device}", "a loss on the model's device")
    with torch.no_grad():
        expect.close(loss, seen.loss(before), 1e-3, "the loss", because="TF32 at most")
