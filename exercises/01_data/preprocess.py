"""Turn pictures of every size and mode into tensors of one shape and range.

Goal    what a diffusion model is fed: (3, s, s) numbers in [-1, 1], mirrored half of the time
Source  torchvision.transforms: Compose, Resize, RandomHorizontalFlip, ToTensor, Normalize
Check   pytest exercises/01_data/preprocess.py
Stuck   kata hint preprocess
"""

from torchvision import transforms


def make_preprocess(image_size):
    """Return the preprocessing: a callable that makes a tensor of one PIL image.

    image_size  int s: height and width of the tensor, in pixels

    The callable
    image       a PIL image of any size and of any mode that `image.convert("RGB")` takes (L, LA, P,
                RGB, RGBA), left as it was
    return      (3, s, s) float32 tensor in [-1, 1]: black is -1, white is 1
    - First of all the picture is brought to RGB by `convert("RGB")`. It drops transparency and
      keeps the colours that lie beneath.
    - The whole picture is squeezed or stretched to s x s, nothing cropped or padded, by an
      antialiased interpolation: what torchvision's `Resize` does to a PIL image.
    - Left and right are swapped at random in half of the calls, decided anew at each call.
    """
    # TODO: Chain five steps: RGB, resize, flip, to a tensor in [0, 1], to [-1, 1].
    raise NotImplementedError("TODO: make_preprocess")
