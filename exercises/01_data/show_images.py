"""Turn tensors back into pictures that one can look at.

Goal    a batch as one picture, to the last bit; small pictures enlarged without blur
Source  PIL.Image; torchvision.utils.make_grid does the same with a frame around each picture
Check   pytest exercises/01_data/show_images.py
Stuck   kata hint show_images
"""

import torch
from PIL import Image


def to_grid(batch, columns):
    """Return a batch as one picture: row by row from the upper left, edge to edge.

    batch    (B, 3, H, W) floating-point tensor (float32, float16, bfloat16) on any device, left as
             it was; it requires no gradient. Values are meant to lie in [-1, 1]; those outside are
             clipped
    columns  int: pictures in a row
    return   PIL image of mode RGB, `columns * W` wide (also when B is smaller than `columns`) and
             as many rows of H high as are needed. Places without a picture are black

    -1 becomes 0 and 1 becomes 255, with values between rounded to the nearest whole number, so that
    8-bit pixels that went through ToTensor and Normalize come back exactly.
    """
    # TODO: Bring the values to whole numbers 0..255, fill the last row, then lay the rows out.
    raise NotImplementedError("TODO: to_grid")


def make_strip(images, size):
    """Return pictures side by side, each enlarged to size x size by nearest neighbour.

    images  list of PIL images of mode L, RGB or RGBA, left as they were
    size    int: width and height of each picture in the strip, in pixels; a whole multiple of the
            width and of the height of every picture
    return  PIL image of mode RGB, `len(images) * size` wide and `size` high: the first picture is
            leftmost, nothing lies between them. Every pixel of a picture becomes a rectangle of
            exactly its colour, as `convert("RGB")` gives it (transparency is dropped)
    """
    # TODO: Paste the pictures, each resized by nearest neighbour, into a new image.
    raise NotImplementedError("TODO: make_strip")
