"""Wrong and right answers to unet."""

import torch
from diffusers import UNet2DConditionModel, UNet2DModel

from kata.zoo import mistake, rewrite, variant

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
    """Every level has attention, also those at full resolution."""
    return unet(image_size, block_out_channels, lambda level: True)


@rewrite(attention_everywhere)
def attention_on_every_level_in_lists(image_size, block_out_channels=(64, 128, 128, 256)):
    """The lists are multiplied, and UNet2DModel is called by hand."""
    levels = len(block_out_channels)
    return UNet2DModel(
        sample_size=image_size,
        in_channels=3,
        out_channels=3,
        layers_per_block=2,
        block_out_channels=block_out_channels,
        down_block_types=["AttnDownBlock2D"] * levels,
        up_block_types=["AttnUpBlock2D"] * levels,
    )


@mistake("build_unet", rejected_by=f"{ATTENTION}[5 levels]", says="No level attends")
def attention_nowhere(image_size, block_out_channels=(64, 128, 128, 256)):
    """No level has attention."""
    return unet(image_size, block_out_channels, lambda level: False)


@mistake("build_unet", rejected_by=f"{ATTENTION}[5 levels]", says="AttnDownBlock2D, DownBlock2D")
def attention_but_at_the_bottom(image_size, block_out_channels=(64, 128, 128, 256)):
    """Only the level above the lowest has attention."""
    levels = len(block_out_channels)
    return unet(image_size, block_out_channels, lambda level: level == levels - 2)


@mistake("build_unet", rejected_by=f"{ATTENTION}[5 levels]", says="blocks on the way down")
def attention_on_two_levels(image_size, block_out_channels=(64, 128, 128, 256)):
    """The two lowest levels have attention, which is right for four levels and for no other
    number.
    """
    levels = len(block_out_channels)
    return unet(image_size, block_out_channels, lambda level: level >= levels - 2)


@mistake("build_unet", rejected_by=f"{ATTENTION}[5 levels]", says="at the wrong end")
def attention_at_the_wrong_end(image_size, block_out_channels=(64, 128, 128, 256)):
    """The lists of blocks are taken to begin at the lowest level, so that attention is at the
    wrong end.
    """
    levels = len(block_out_channels)
    return unet(image_size, block_out_channels, lambda level: levels - 1 - level >= 2)


@mistake("build_unet", rejected_by=f"{ATTENTION}[3 levels]", says="must be turned round")
def way_up_not_mirrored(image_size, block_out_channels=(64, 128, 128, 256)):
    """The way up is listed from the full resolution down, like the way down, instead of
    mirrored.
    """
    up = ["UpBlock2D" if i < 2 else "AttnUpBlock2D" for i in range(len(block_out_channels))]
    return unet(image_size, block_out_channels, up_block_types=up)


@rewrite(way_up_not_mirrored)
def way_up_renamed(image_size, block_out_channels=(64, 128, 128, 256)):
    """The names of the way up are those of the way down with a word exchanged."""
    down = []
    for level in range(len(block_out_channels)):
        down.append("AttnDownBlock2D" if level > 1 else "DownBlock2D")
    up = [name.replace("Down", "Up") for name in down]
    config = dict(sample_size=image_size, block_out_channels=list(block_out_channels))
    return UNet2DModel(down_block_types=down, up_block_types=up, layers_per_block=2, **config)


@mistake("build_unet", rejected_by=f"{ATTENTION}[5 levels]", says="as many levels as")
def two_levels_only(image_size, block_out_channels=(64, 128, 128, 256)):
    """The UNet has two levels, whatever was asked for."""
    return unet(image_size, block_out_channels[:2])


@mistake("build_unet", rejected_by=f"{ATTENTION}[3 levels]", says="same number of")
def four_levels_written_out(image_size, block_out_channels=(64, 128, 128, 256)):
    """The lists of blocks are written out for four levels and fit no other number."""
    down = ["DownBlock2D"] * 2 + ["AttnDownBlock2D"] * 2
    up = ["AttnUpBlock2D"] * 2 + ["UpBlock2D"] * 2
    return unet(image_size, block_out_channels, down_block_types=down, up_block_types=up)


@rewrite(four_levels_written_out)
def four_levels_from_a_configuration(image_size, block_out_channels=(64, 128, 128, 256)):
    """The lecture's configuration as a dictionary."""
    return UNet2DModel.from_config(
        {
            "sample_size": image_size,
            "in_channels": 3,
            "out_channels": 3,
            "layers_per_block": 2,
            "block_out_channels": block_out_channels,
            "down_block_types": [
                "DownBlock2D",
                "DownBlock2D",
                "AttnDownBlock2D",
                "AttnDownBlock2D",
            ],
            "up_block_types": ["AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D", "UpBlock2D"],
        }
    )


@mistake("build_unet", rejected_by=SETTINGS, says="sample_size=None")
def size_missing(image_size, block_out_channels=(64, 128, 128, 256)):
    """`sample_size` is not set, so no pipeline knows how large a picture to paint."""
    return unet(image_size, block_out_channels, sample_size=None)


@mistake("build_unet", rejected_by=SETTINGS, says="in_channels=1")
def one_channel(image_size, block_out_channels=(64, 128, 128, 256)):
    """The UNet has one channel, for grey pictures, instead of three."""
    return unet(image_size, block_out_channels, in_channels=1, out_channels=1)


@mistake("build_unet", rejected_by=SETTINGS, says="out_channels=6")
def variance_too(image_size, block_out_channels=(64, 128, 128, 256)):
    """The UNet gives six channels instead of three, as if it learned a variance."""
    return unet(image_size, block_out_channels, out_channels=6)


@mistake("build_unet", rejected_by=SETTINGS, says="layers_per_block=1")
def one_layer(image_size, block_out_channels=(64, 128, 128, 256)):
    """The blocks have one layer each instead of two."""
    return unet(image_size, block_out_channels, layers_per_block=1)


@mistake("build_unet", rejected_by=SETTINGS, says="norm_num_groups=16")
def other_settings_too(image_size, block_out_channels=(64, 128, 128, 256)):
    """A setting is changed that nobody asked for."""
    return unet(image_size, block_out_channels, norm_num_groups=16)


@mistake("build_unet", rejected_by=LECTURE, says="block_out_channels=[32, 64, 128, 256]")
def other_default(image_size, block_out_channels=(32, 64, 128, 256)):
    """The default of `block_out_channels` is another one than the stub's."""
    return unet(image_size, block_out_channels)


@mistake("build_unet", rejected_by=f"{ATTENTION}[3 levels]", says="a `UNet2DModel` of Diffusers")
def conditional(image_size, block_out_channels=(64, 128, 128, 256)):
    """The UNet is one for text to image, which wants a prompt."""
    return UNet2DConditionModel(
        sample_size=image_size,
        block_out_channels=block_out_channels,
        down_block_types=["DownBlock2D"] * len(block_out_channels),
        up_block_types=["UpBlock2D"] * len(block_out_channels),
        cross_attention_dim=32,
    )


@mistake("build_unet", rejected_by=f"{ATTENTION}[5 levels]", says="in the wrong order")
def way_up_in_another_order(image_size, block_out_channels=(64, 128, 128, 256)):
    """The blocks of the way up stand in another order than those of the way down, turned round."""
    low = len(block_out_channels) - 2
    up = ["UpBlock2D", *["AttnUpBlock2D"] * low, "UpBlock2D"]
    return unet(image_size, block_out_channels, up_block_types=up)


@mistake("build_unet", rejected_by=FRESH, says="`requires_grad_(False)` freezes weights")
def frozen(image_size, block_out_channels=(64, 128, 128, 256)):
    """The weights are frozen by `requires_grad_(False)`, so that no training moves them."""
    return unet(image_size, block_out_channels).requires_grad_(False)


@mistake("build_unet", rejected_by=FRESH, says="A seed of the function's own")
def seeded_inside(image_size, block_out_channels=(64, 128, 128, 256)):
    """A seed inside the function makes all models start from the same weights."""
    torch.manual_seed(0)
    return unet(image_size, block_out_channels)


@mistake("predict_noise", rejected_by=GUESS, says="its first item is the tensor")
def tuple_not_unpacked(model, noisy_images, timesteps):
    """With `return_dict=False` the answer is a tuple, which is returned as it is."""
    return model(noisy_images, timesteps, return_dict=False)


@mistake("predict_noise", rejected_by=GUESS, says="clamped to [-1, 1]")
def guess_clamped(model, noisy_images, timesteps):
    """The guess at the noise is clamped to [-1, 1], where noise does not stay."""
    return model(noisy_images, timesteps).sample.clamp(-1, 1)


@mistake("predict_noise", rejected_by=GUESS, says="order of the channels")
def channels_turned_round(model, noisy_images, timesteps):
    """The channels of the guess come in reverse order."""
    return model(noisy_images, timesteps).sample.flip(1)


@mistake("predict_noise", rejected_by=TIME, says="told t + 1")
def time_as_in_the_paper(model, noisy_images, timesteps):
    """The timesteps are raised by one, as the paper counts."""
    return model(noisy_images, timesteps + 1).sample


@mistake("predict_noise", rejected_by=GRADIENTS, says="`no_grad` and `detach` are for sampling")
def on_a_graph_of_its_own(model, noisy_images, timesteps):
    """The prediction is detached and made to require gradients again, so that none reach the
    weights.
    """
    return model(noisy_images, timesteps).sample.detach().requires_grad_()


@mistake("predict_noise", rejected_by=UNCHANGED, says="add up the gradients of several batches")
def gradients_cleared(model, noisy_images, timesteps):
    """The gradients of the model are cleared, which is the training step's business."""
    model.zero_grad()
    return model(noisy_images, timesteps).sample


@mistake("predict_noise", rejected_by=GUESS, says="`.sample` of a model")
def answer_not_unwrapped(model, noisy_images, timesteps):
    """The model's output object is returned, not the tensor `sample` within it."""
    return model(noisy_images, timesteps)


@mistake("predict_noise", rejected_by=GUESS, says="told timestep 0 for every picture")
def time_ignored(model, noisy_images, timesteps):
    """The model is told timestep 0 for every picture, however noisy it is."""
    return model(noisy_images, 0).sample


@mistake("predict_noise", rejected_by=TIME, says="divided by 1000")
def time_as_a_fraction(model, noisy_images, timesteps):
    """The timesteps are divided by 1000, but the model takes them whole."""
    return model(noisy_images, timesteps / 1000).sample


@mistake("predict_noise", rejected_by=TIME, says="at the first one's timestep")
def one_time_for_all(model, noisy_images, timesteps):
    """The first timestep is used for the whole batch."""
    return model(noisy_images, timesteps[0]).sample


@rewrite(one_time_for_all)
def one_time_for_all_as_a_number(model, noisy_images, timesteps):
    """The first timestep as a Python number, and the output as a tuple."""
    t = timesteps.tolist()[0]
    output = model(sample=noisy_images, timestep=t, return_dict=False)
    return output[0]


@mistake("predict_noise", rejected_by=TIME, says="told 999 - t")
def time_backwards(model, noisy_images, timesteps):
    """The timesteps are counted from the noisy end: 999 - t."""
    return model(noisy_images, 999 - timesteps).sample


@mistake("predict_noise", rejected_by=TIME, says="picture i is seen at timesteps[i]")
def time_in_order(model, noisy_images, timesteps):
    """The timesteps are sorted, the pictures are not."""
    return model(noisy_images, timesteps.sort().values).sample


@mistake("predict_noise", rejected_by=GUESS, says="The picture less the guess")
def the_picture_instead(model, noisy_images, timesteps):
    """The guess is subtracted from the noisy picture, and the rest returned instead of the
    guess.
    """
    return noisy_images - model(noisy_images, timesteps).sample


@mistake("predict_noise", rejected_by=GRADIENTS, says="`no_grad`")
def without_gradients(model, noisy_images, timesteps):
    """The prediction is cut off from the weights, by `no_grad` or `detach`, so that no gradients
    reach them.
    """
    with torch.no_grad():
        return model(noisy_images, timesteps).sample


@rewrite(without_gradients)
def without_gradients_by_a_switch(model, noisy_images, timesteps):
    """Gradients are switched off for the call by `set_grad_enabled`."""
    with torch.set_grad_enabled(False):
        prediction = model(noisy_images, timesteps)["sample"]
    return prediction


@mistake("predict_noise", rejected_by=GRADIENTS, says="cut off from the model's weights")
def detached(model, noisy_images, timesteps):
    """The prediction is cut off from the weights, by `no_grad` or `detach`, so that no gradients
    reach them.
    """
    return model(noisy_images, timesteps).sample.detach()


@mistake("predict_noise", rejected_by=f"{UNCHANGED}[training]", says="in evaluation mode now")
def left_in_evaluation_mode(model, noisy_images, timesteps):
    """The model is left in evaluation mode."""
    model.eval()
    return model(noisy_images, timesteps).sample


@mistake("predict_noise", rejected_by=UNCHANGED, says="`timesteps` was changed")
def shifted_in_place(model, noisy_images, timesteps):
    """The caller's timesteps are changed in place."""
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
