"""Build the UNet: the network that looks at a noisy picture and says what the noise in it is.

Goal    an untrained UNet2DModel of any depth, and one look of it at a noisy batch
Source  Ho et al. 2020, appendix B; diffusers.UNet2DModel
Check   pytest exercises/02_training/unet.py
Stuck   kata hint unet
"""

from diffusers import UNet2DModel


def build_unet(image_size, block_out_channels=(64, 128, 128, 256)):
    """Return an untrained UNet for square RGB pictures.

    image_size          side of the pictures in pixels, a multiple of 2 ** (levels - 1)
    block_out_channels  channels of each level from the full resolution down to the lowest, each a
                        multiple of 32; as many entries as the UNet has levels, 2 or more
    return              a UNet2DModel whose weights are random, other ones at each call, and all
                        take part in a training (`requires_grad`); its configuration holds
                        - `sample_size`: image_size
                        - `in_channels` and `out_channels`: 3
                        - `layers_per_block`: 2
                        - `block_out_channels`: as given
                        - `down_block_types`: "DownBlock2D" for the first two levels, and
                          "AttnDownBlock2D" for all below them
                        - `up_block_types`: the same way back, from the lowest level up:
                          "AttnUpBlock2D" where there was attention, then "UpBlock2D" twice
                        and in every other setting what the library has by default
    """
    # TODO: List the down blocks, mirror them for the way up, and build a UNet2DModel.
    raise NotImplementedError("TODO: build_unet")


def predict_noise(model, noisy_images, timesteps):
    """Return the model's guess at the noise in each picture, as a training needs it.

    model         a UNet2DModel, left as it was: weights, gradients, and training or evaluation
                  mode
    noisy_images  (B, C, H, W) float tensor, left as it was
    timesteps     (B,) int64, left as it was: how noisy each picture is. The model takes them as
                  they are, not divided by T
    return        (B, C, H, W) tensor, the model's output itself and not the object that it comes
                  in; gradients flow from it back into the model's weights
    """
    # TODO: Call the model with pictures and timesteps; take the tensor out of what it returns.
    raise NotImplementedError("TODO: predict_noise")
