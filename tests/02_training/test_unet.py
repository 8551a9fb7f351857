"""The UNet: levels, attention where it belongs, and a guess that knows the time."""

import pytest
import torch
from diffusers import UNet2DModel

from kata import draw, expect, probes

LECTURE = (64, 128, 128, 256)
DEPTHS = {f"{len(channels)} levels": channels for channels in [(32, 32), (32, 32, 32), (32,) * 5]}


def block_types(levels):
    """The blocks on the way down, and those on the way up: two plain levels, then attention."""
    attention = [level >= 2 for level in range(levels)]
    down = ["AttnDownBlock2D" if attends else "DownBlock2D" for attends in attention]
    up = ["AttnUpBlock2D" if attends else "UpBlock2D" for attends in reversed(attention)]
    return down, up


def check_unet(unet, image_size, block_out_channels):
    """A UNet2DModel whose every setting is as the kata says."""
    expect.instance(unet, "UNet2DModel")
    down, up = block_types(len(block_out_channels))
    with torch.device("meta"):  # a model without memory is enough to compare settings with
        wanted = UNet2DModel(
            sample_size=image_size,
            layers_per_block=2,
            block_out_channels=block_out_channels,
            down_block_types=down,
            up_block_types=up,
        )
    expect.configuration(unet, wanted)


def guess(exercise, model, noisy_images, timesteps):
    """Call the learner's function and look at what came back: type, shape, dtype."""
    result = exercise.predict_noise(model, noisy_images, timesteps)
    is_tuple = type(result) is tuple and len(result) == 1
    hint = "The model gives a tuple with `return_dict=False`: its first item is the tensor."
    expect.tensor(result, name="the predicted noise", hint=hint if is_tuple else "")
    return expect.tensor(
        result, tuple(noisy_images.shape), noisy_images.dtype, name="the predicted noise"
    )


def draw_timesteps(rng, count):
    """Timesteps far apart, one from each of `count` equal parts of 0 to 999, shuffled."""
    part = 1000 // count
    within = torch.randint(part // 4, part // 2, (count,), generator=rng)
    return (torch.arange(count) * part + within)[torch.randperm(count, generator=rng)]


@pytest.mark.points(2)
def test_without_channels_it_is_the_unet_of_the_lecture(exercise):
    """By default it has four levels of 64, 128, 128 and 256 channels."""
    check_unet(exercise.build_unet(32), 32, LECTURE)


@pytest.mark.points(2)
@pytest.mark.parametrize("depth", DEPTHS)
def test_attention_is_where_it_belongs(exercise, depth):
    """The two highest resolutions are plain, all below attend, and the way up mirrors it."""
    channels = DEPTHS[depth]
    unet = expect.instance(exercise.build_unet(16, channels), "UNet2DModel")
    given = [list(unet.config[way]) for way in ("down_block_types", "up_block_types")]
    down, up = block_types(len(channels))
    for way, seen, wanted in [("down", given[0], down), ("up", given[1], up)]:
        expect.that(
            seen == wanted,
            f"blocks on the way {way}: {', '.join(seen)}",
            f"from the {'highest' if way == 'down' else 'lowest'} level on: {', '.join(wanted)}",
            _attention_hint(*given, down),
        )


def _attention_hint(down, up, wanted):
    """What is wrong with these blocks, if it is one of the usual slips."""
    attends = [block.startswith("Attn") for block in down]
    if len(down) != len(wanted):
        return "A UNet has as many levels as `block_out_channels` has entries."
    if up == [block.replace("Down", "Up") for block in down] != up[::-1]:
        return "The way up begins at the lowest level: the list for it must be turned round."
    if down == wanted[::-1]:
        return "The attention is at the wrong end: the list begins at the full resolution."
    if all(attends):
        return "Attention compares each position with each: at full resolution that is costly."
    if not any(attends):
        return "No level attends, so no wing can see the other one."
    if down == wanted and sorted(up) == sorted(block.replace("Down", "Up") for block in down):
        return "The right blocks for the way up, in the wrong order: it begins at the lowest level."
    return ""


@pytest.mark.points(2)
def test_size_channels_and_layers_are_as_asked(exercise, rng):
    """Size of the pictures, channels in, out and of each level, layers, and nothing else."""
    multiples = torch.randint(1, 4, (3,), generator=rng)
    image_size = 8 * int(torch.randint(1, 9, (1,), generator=rng))
    channels = tuple((32 * multiples).tolist())
    check_unet(exercise.build_unet(image_size, channels), image_size, channels)


def test_your_unet_guesses_with_your_function(exercise, rng):
    """Both together: a guess for each number of the pictures, another one at another time."""
    unet = expect.instance(exercise.build_unet(8, (32, 64)), "UNet2DModel")
    noisy = draw.pictures(rng, 1, 8).repeat(2, 1, 1, 1)
    early, late = guess(exercise, unet, noisy, draw_timesteps(rng, 2))
    expect.that(
        (early - late).abs().max().item() > 1e-4,  # float32 rounds by 1e-6
        "one picture at two timesteps gets the same guess",
        "a guess that depends on the timestep: both timesteps handed on to the model, whole, and "
        "a level of 64 channels in the model, as was asked for",
    )


def test_each_unet_starts_from_weights_of_its_own(exercise):
    """Two calls give two models of random weights, all of which can be trained."""
    first, second = (
        expect.instance(exercise.build_unet(8, (32, 32)), "UNet2DModel") for _ in range(2)
    )
    frozen = [name for name, weight in first.named_parameters() if not weight.requires_grad]
    expect.that(
        not frozen,
        f"{len(frozen)} of {len(list(first.parameters()))} weights take no part in a training",
        "a UNet of weights with `requires_grad`, as the library makes it",
        "`requires_grad_(False)` freezes weights: no gradient reaches them.",
    )
    expect.that(
        not torch.equal(first.conv_in.weight, second.conv_in.weight),
        "two calls gave the same weights",
        "random weights, other ones at each call",
        "A seed of the function's own: whoever calls decides about seeds.",
    )


@pytest.mark.points(2)
def test_the_guess_is_what_the_model_says(exercise, rng, seed):
    """The predicted noise is the model's own output, unaltered."""
    model = probes.tiny_unet(seed=seed, **probes.ONE_LEVEL)
    model.conv_out.weight.data.mul_(3)  # so that the guess goes beyond 1, as noise does
    noisy = torch.randn(3, 3, 8, 8, generator=rng)
    timesteps = draw_timesteps(rng, 4)[-1].repeat(3)
    with torch.no_grad():
        wanted = model(noisy, timesteps).sample
    slips = {
        "The picture less the guess came back; it is the guess that is wanted.": noisy - wanted,
        "The guess has the opposite sign.": -wanted,
        "These are the noisy pictures, not what the model says about them.": noisy,
        "The guess was clamped to [-1, 1]; noise goes beyond.": wanted.clamp(-1, 1),
        "The order of the channels was turned round.": wanted.flip(1),
        "The batch was turned round.": wanted.flip(0),
    }
    predicted = guess(exercise, model, noisy, timesteps)
    hint = expect.misconception(predicted, slips) or _time_hint(predicted, model, noisy, timesteps)
    # float32, whichever way the batch is cut
    expect.close(predicted, wanted, 1e-4, "the predicted noise", hint, "the model's output")


@pytest.mark.points(2)
def test_each_picture_is_seen_at_its_own_time(exercise, rng, seed):
    """The model is told the timestep of each picture, as the number that it is."""
    model = probes.tiny_unet(seed=seed, **probes.ONE_LEVEL)
    noisy = torch.randn(4, 3, 8, 8, generator=rng)
    timesteps = draw_timesteps(rng, 4)
    with torch.no_grad():
        wanted = model(noisy, timesteps).sample
    predicted = guess(exercise, model, noisy, timesteps)
    hint = _time_hint(predicted, model, noisy, timesteps)
    because = "the model's output when picture i is seen at timesteps[i]"
    expect.close(predicted, wanted, 1e-4, "the predicted noise", hint, because)


def _time_hint(predicted, model, noisy, timesteps):
    """What the model must have been told for this prediction, if it is one of the usual slips."""
    slips = {
        "The model was told timestep 0 for every picture.": torch.zeros_like(timesteps),
        "The timesteps were divided by 1000; the model takes them whole.": timesteps / 1000,
        "All pictures were seen at the first one's timestep.": timesteps[:1].expand_as(timesteps),
        "All pictures were seen at the last one's timestep.": timesteps[-1:].expand_as(timesteps),
        "The timesteps were turned round: the model was told 999 - t.": 999 - timesteps,
        "The model was told t + 1; the library counts from 0, as the timesteps do.": timesteps + 1,
        "The model was told t - 1; the timesteps count from 0 as they are.": timesteps - 1,
    }
    with torch.no_grad():
        guesses = {slip: model(noisy, told).sample for slip, told in slips.items()}
    return expect.misconception(predicted, guesses)


@pytest.mark.points(2)
def test_gradients_flow_back_into_the_model(exercise, rng, seed):
    """A training can call `backward` on what follows from the guess."""
    model, twin = (
        probes.tiny_unet(1, seed, in_channels=1, out_channels=1, **probes.ONE_LEVEL)
        for _ in range(2)
    )
    one_number = torch.randn(1, 1, 1, 1, generator=rng)  # `backward` needs no loss then
    timesteps = draw_timesteps(rng, 2)[:1]
    exercise.call("predict_noise", [model, one_number, timesteps], backward=True)
    expect.tensor(exercise.last.result, (1, 1, 1, 1), name="the predicted noise")
    twin(one_number, timesteps).sample.backward()
    wanted = dict(twin.named_parameters())
    missing = [name for name, weight in model.named_parameters() if weight.grad is None]
    expect.that(
        not missing,
        f"a prediction that is cut off from the model's weights: {len(missing)} of "
        f"{len(wanted)} get no gradient",
        "a prediction on the graph, so that a loss of it can be minimised",
        "`no_grad` and `detach` are for sampling; this function is used in training.",
    )
    for name, parameter in model.named_parameters():
        expect.tensor(parameter.grad, tuple(parameter.shape), name=f"the gradient of `{name}`")
        expect.close(parameter.grad, wanted[name].grad, 1e-4, f"the gradient of `{name}`")


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
def test_pictures_timesteps_and_model_stay_as_they_were(exercise, rng, seed, training):
    """A look at the pictures changes nothing: not them, not the model, not its mode."""
    model = probes.tiny_unet(seed=seed, **probes.ONE_LEVEL).train(training)
    for parameter in model.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=rng)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    gradients = {name: weight.grad.clone() for name, weight in model.named_parameters()}
    guess(exercise, model, torch.randn(2, 3, 8, 8, generator=rng), draw_timesteps(rng, 2))
    expect.unchanged(exercise.last)
    mode = {True: "training", False: "evaluation"}
    expect.that(
        model.training == training,
        f"the model was in {mode[training]} mode and is in {mode[model.training]} mode now",
        f"{mode[training]} mode, as before: whoever trains or samples decides",
        "`model.eval()` and `model.train()` stay in force after the call.",
    )
    expect.that(
        all(torch.equal(value, before[name]) for name, value in model.state_dict().items()),
        "the model's weights were changed",
        "weights as they were: they are the optimizer's business",
    )
    expect.that(
        all(
            weight.grad is not None and torch.equal(weight.grad, gradients[name])
            for name, weight in model.named_parameters()
        ),
        "the model's gradients, which an earlier `backward` had left, were changed",
        "gradients as they were: the training step clears them",
        "A training may add up the gradients of several batches before it takes a step.",
    )
