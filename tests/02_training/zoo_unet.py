"""Wrong and right answers to unet."""

import torch
from diffusers import UNet2DConditionModel, UNet2DModel

from kata.zoo import mistake, variant

LECTURE = "test_without_channels_it_is_the_unet_of_the_lecture"
ATTENTION = "test_attention_is_where_it_belongs"
SETTINGS = "test_size_channels_and_layers_are_as_asked"
GUESS = "test_the_guess_is_what_the_model_says"
TIME = "test_each_picture_is_seen_at_its_own_time"
GRADIENTS = "test_gradients_flow_back_into_the_model"
FRESH = "test_each_unet_starts_from_weights_of_its_own"
UNCHANGED = "test_pictures_timesteps_and_model_stay_as_they_were"


def unet(image_size, block_out_channels, attends=lambda level: level >= 2, **settings):
    """What the kata asks for, and what a mistake changes in it."""
    levels = range(len(block_out_channels))
    options = {
        "sample_size": image_size,
        "layers_per_block": 2,
        "block_out_channels": block_out_channels,
        "down_block_types": ["AttnDownBlock2D" if attends(i) else "DownBlock2D" for i in levels],
        "up_block_types": ["AttnUpBlock2D" if attends(i) else "UpBlock2D" for i in levels[::-1]],
        **settings,
    }
    return UNet2DModel(**{key: value for key, value in options.items() if value is not None})


@mistake("build_unet", rejected_by=f"{ATTENTION}[3 levels]", says="at full resolution")
def attention_everywhere(image_size, block_out_channels=(64, 128, 128, 256)):
    """Attention on every level, at full resolution too."""
    return unet(image_size, block_out_channels, lambda level: True)


@mistake("build_unet", rejected_by=f"{ATTENTION}[5 levels]", says="No level attends")
def attention_nowhere(image_size, block_out_channels=(64, 128, 128, 256)):
    """Convolutions alone: what is far apart never meets."""
    return unet(image_size, block_out_channels, lambda level: False)


@mistake("build_unet", rejected_by=f"{ATTENTION}[5 levels]", says="AttnDownBlock2D, DownBlock2D")
def attention_but_at_the_bottom(image_size, block_out_channels=(64, 128, 128, 256)):
    """The published DDPM attends at one resolution alone and not at the lowest."""
    levels = len(block_out_channels)
    return unet(image_size, block_out_channels, lambda level: level == levels - 2)


@mistake("build_unet", rejected_by=f"{ATTENTION}[5 levels]", says="blocks on the way down")
def attention_on_two_levels(image_size, block_out_channels=(64, 128, 128, 256)):
    """The two lowest levels attend, right for the lecture's four levels and for no other depth."""
    levels = len(block_out_channels)
    return unet(image_size, block_out_channels, lambda level: level >= levels - 2)


@mistake("build_unet", rejected_by=f"{ATTENTION}[5 levels]", says="at the wrong end")
def attention_at_the_wrong_end(image_size, block_out_channels=(64, 128, 128, 256)):
    """The lists are taken to begin at the lowest level."""
    levels = len(block_out_channels)
    return unet(image_size, block_out_channels, lambda level: levels - 1 - level >= 2)


@mistake("build_unet", rejected_by=f"{ATTENTION}[3 levels]", says="must be turned round")
def way_up_not_mirrored(image_size, block_out_channels=(64, 128, 128, 256)):
    """The way up is listed from the full resolution down, like the way down."""
    up = ["UpBlock2D" if i < 2 else "AttnUpBlock2D" for i in range(len(block_out_channels))]
    return unet(image_size, block_out_channels, up_block_types=up)


@mistake("build_unet", rejected_by=f"{ATTENTION}[5 levels]", says="as many levels as")
def two_levels_only(image_size, block_out_channels=(64, 128, 128, 256)):
    """Whatever was asked for, the UNet has two levels."""
    return unet(image_size, block_out_channels[:2])


@mistake("build_unet", rejected_by=f"{ATTENTION}[3 levels]", says="same number of")
def four_levels_written_out(image_size, block_out_channels=(64, 128, 128, 256)):
    """The lecture's lists, which fit four levels and nothing else."""
    down = ["DownBlock2D"] * 2 + ["AttnDownBlock2D"] * 2
    up = ["AttnUpBlock2D"] * 2 + ["UpBlock2D"] * 2
    return unet(image_size, block_out_channels, down_block_types=down, up_block_types=up)


@mistake("build_unet", rejected_by=SETTINGS, says="sample_size=None")
def size_missing(image_size, block_out_channels=(64, 128, 128, 256)):
    """Without `sample_size` no pipeline knows how large a picture to paint."""
    return unet(image_size, block_out_channels, sample_size=None)


@mistake("build_unet", rejected_by=SETTINGS, says="in_channels=1")
def one_channel(image_size, block_out_channels=(64, 128, 128, 256)):
    """Grey pictures, where colours are asked for."""
    return unet(image_size, block_out_channels, in_channels=1, out_channels=1)


@mistake("build_unet", rejected_by=SETTINGS, says="out_channels=6")
def variance_too(image_size, block_out_channels=(64, 128, 128, 256)):
    """Three more channels out, for a variance that nobody learns here."""
    return unet(image_size, block_out_channels, out_channels=6)


@mistake("build_unet", rejected_by=SETTINGS, says="layers_per_block=1")
def one_layer(image_size, block_out_channels=(64, 128, 128, 256)):
    """One layer a block instead of two."""
    return unet(image_size, block_out_channels, layers_per_block=1)


@mistake("build_unet", rejected_by=SETTINGS, says="norm_num_groups=16")
def other_settings_too(image_size, block_out_channels=(64, 128, 128, 256)):
    """A setting is changed that nobody asked for."""
    return unet(image_size, block_out_channels, norm_num_groups=16)


@mistake("build_unet", rejected_by=LECTURE, says="block_out_channels=[32, 64, 128, 256]")
def other_default(image_size, block_out_channels=(32, 64, 128, 256)):
    """The default is another one than the stub's."""
    return unet(image_size, block_out_channels)


@mistake("build_unet", rejected_by=f"{ATTENTION}[3 levels]", says="a `UNet2DModel` of Diffusers")
def conditional(image_size, block_out_channels=(64, 128, 128, 256)):
    """The UNet of text to image, which wants a prompt."""
    return UNet2DConditionModel(
        sample_size=image_size,
        block_out_channels=block_out_channels,
        down_block_types=["DownBlock2D"] * len(block_out_channels),
        up_block_types=["UpBlock2D"] * len(block_out_channels),
        cross_attention_dim=32,
    )


@mistake("build_unet", rejected_by=f"{ATTENTION}[5 levels]", says="in the wrong order")
def way_up_in_another_order(image_size, block_out_channels=(64, 128, 128, 256)):
    """The plain blocks come first on the way up, too, but for one."""
    low = len(block_out_channels) - 2
    up = ["UpBlock2D", *["AttnUpBlock2D"] * low, "UpBlock2D"]
    return unet(image_size, block_out_channels, up_block_types=up)


@mistake("build_unet", rejected_by=FRESH, says="`requires_grad_(False)` freezes weights")
def frozen(image_size, block_out_channels=(64, 128, 128, 256)):
    """Weights are frozen for sampling, not for a training."""
    return unet(image_size, block_out_channels).requires_grad_(False)


@mistake("build_unet", rejected_by=FRESH, says="A seed of the function's own")
def seeded_inside(image_size, block_out_channels=(64, 128, 128, 256)):
    """All models start from the same weights."""
    torch.manual_seed(0)
    return unet(image_size, block_out_channels)


@mistake("predict_noise", rejected_by=GUESS, says="its first item is the tensor")
def tuple_not_unpacked(model, noisy_images, timesteps):
    """Without its object the tensor comes in a tuple."""
    return model(noisy_images, timesteps, return_dict=False)


@mistake("predict_noise", rejected_by=GUESS, says="clamped to [-1, 1]")
def guess_clamped(model, noisy_images, timesteps):
    """Pictures lie in [-1, 1], noise does not."""
    return model(noisy_images, timesteps).sample.clamp(-1, 1)


@mistake("predict_noise", rejected_by=GUESS, says="order of the channels")
def channels_turned_round(model, noisy_images, timesteps):
    """Blue, green, red."""
    return model(noisy_images, timesteps).sample.flip(1)


@mistake("predict_noise", rejected_by=TIME, says="told t + 1")
def time_as_in_the_paper(model, noisy_images, timesteps):
    """The paper counts from 1."""
    return model(noisy_images, timesteps + 1).sample


@mistake("predict_noise", rejected_by=GRADIENTS, says="`no_grad` and `detach` are for sampling")
def on_a_graph_of_its_own(model, noisy_images, timesteps):
    """A gradient that is asked for behind the cut ends there."""
    return model(noisy_images, timesteps).sample.detach().requires_grad_()


@mistake("predict_noise", rejected_by=UNCHANGED, says="add up the gradients of several batches")
def gradients_cleared(model, noisy_images, timesteps):
    """To clear gradients is the training step's business."""
    model.zero_grad()
    return model(noisy_images, timesteps).sample


@mistake("predict_noise", rejected_by=GUESS, says="`.sample` of a model")
def answer_not_unwrapped(model, noisy_images, timesteps):
    """The model wraps its tensor in an object."""
    return model(noisy_images, timesteps)


@mistake("predict_noise", rejected_by=GUESS, says="told timestep 0 for every picture")
def time_ignored(model, noisy_images, timesteps):
    """The model is not told how noisy the pictures are."""
    return model(noisy_images, 0).sample


@mistake("predict_noise", rejected_by=TIME, says="divided by 1000")
def time_as_a_fraction(model, noisy_images, timesteps):
    """The model was built for whole timesteps, not for a time from 0 to 1."""
    return model(noisy_images, timesteps / 1000).sample


@mistake("predict_noise", rejected_by=TIME, says="at the first one's timestep")
def one_time_for_all(model, noisy_images, timesteps):
    """The first timestep is used for the whole batch."""
    return model(noisy_images, timesteps[0]).sample


@mistake("predict_noise", rejected_by=TIME, says="told 999 - t")
def time_backwards(model, noisy_images, timesteps):
    """The timesteps are counted from the noisy end."""
    return model(noisy_images, 999 - timesteps).sample


@mistake("predict_noise", rejected_by=TIME, says="picture i is seen at timesteps[i]")
def time_in_order(model, noisy_images, timesteps):
    """The timesteps are sorted, the pictures are not."""
    return model(noisy_images, timesteps.sort().values).sample


@mistake("predict_noise", rejected_by=GUESS, says="The picture less the guess")
def the_picture_instead(model, noisy_images, timesteps):
    """What remains of the picture when the guess is taken away."""
    return noisy_images - model(noisy_images, timesteps).sample


@mistake("predict_noise", rejected_by=GRADIENTS, says="`no_grad`")
def without_gradients(model, noisy_images, timesteps):
    """`no_grad` is for sampling; a loss of this prediction cannot be minimised."""
    with torch.no_grad():
        return model(noisy_images, timesteps).sample


@mistake("predict_noise", rejected_by=GRADIENTS, says="cut off from the model's weights")
def detached(model, noisy_images, timesteps):
    """`detach` cuts the prediction off from the weights."""
    return model(noisy_images, timesteps).sample.detach()


@mistake("predict_noise", rejected_by=f"{UNCHANGED}[training]", says="in evaluation mode now")
def left_in_evaluation_mode(model, noisy_images, timesteps):
    """`eval` stays in force when the function has ended."""
    model.eval()
    return model(noisy_images, timesteps).sample


@mistake("predict_noise", rejected_by=UNCHANGED, says="`timesteps` was changed")
def shifted_in_place(model, noisy_images, timesteps):
    """The caller's timesteps are changed on the way."""
    prediction = model(noisy_images, timesteps).sample
    timesteps -= 1
    return prediction


@variant("build_unet")
def grown_level_by_level(image_size, block_out_channels=(64, 128, 128, 256)):
    """Both lists grow with the levels; the settings that the library has anyway are left out."""
    down, up = (), ()
    for level, _ in enumerate(block_out_channels):
        attention = "Attn" if level > 1 else ""
        down, up = (*down, f"{attention}DownBlock2D"), (f"{attention}UpBlock2D", *up)
    return UNet2DModel(
        image_size,
        block_out_channels=list(block_out_channels),
        down_block_types=down,
        up_block_types=up,
    )


@variant("build_unet")
def from_a_configuration(image_size, block_out_channels=(64, 128, 128, 256)):
    """Made from a dictionary of settings."""
    low = max(len(block_out_channels) - 2, 0)
    config = {
        "sample_size": image_size,
        "in_channels": 3,
        "out_channels": 3,
        "layers_per_block": 2,
        "block_out_channels": tuple(block_out_channels),
        "down_block_types": ["DownBlock2D"] * 2 + ["AttnDownBlock2D"] * low,
        "up_block_types": ["AttnUpBlock2D"] * low + ["UpBlock2D"] * 2,
    }
    return UNet2DModel.from_config(config)


@variant("predict_noise")
def first_of_a_tuple(model, noisy_images, timesteps):
    """The answer as a tuple, arguments by name."""
    return model(sample=noisy_images, timestep=timesteps, return_dict=False)[0]


@variant("predict_noise")
def picture_by_picture(model, noisy_images, timesteps):
    """One picture at a time."""
    guesses = [
        model(image[None], int(timestep)).sample
        for image, timestep in zip(noisy_images, timesteps, strict=True)
    ]
    return torch.cat(guesses)


@variant("predict_noise")
def in_floating_point(model, noisy_images, timesteps):
    """The same timesteps as floating-point numbers, and the output by its key."""
    with torch.enable_grad():
        return model.forward(noisy_images, timesteps.float())["sample"]
