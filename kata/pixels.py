"""What suites say about a PIL image that was made a tensor."""

import numpy as np
import torch
from PIL import Image
from torchvision.transforms.functional import center_crop, resize

from kata import expect
from kata.describe import describe

# Antialiased interpolations of a `draw.photo` differ by up to 0.03 on average; a photo and its
# mirror image differ by ten times as much.
TOLERANCE = 0.05


def to_tensor(image: Image.Image) -> torch.Tensor:
    """Return the RGB image as float32 (3, H, W): 0 becomes -1 and 255 becomes 1."""
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 127.5 - 1


def preprocessed(value: object, image: Image.Image, size: int, name: str = "the tensor") -> bool:
    """`value` is the smooth image, squeezed to (3, size, size) in [-1, 1]. Returns if mirrored."""
    shape = (3, size, size)
    expect.tensor(value, shape, torch.float32, None, name, _shape_hint(value, image, size))
    value = value.cpu()
    upright = to_tensor(_squeezed(image.convert("RGB"), size))
    off = _distance(value, upright)
    expect.that(
        off <= TOLERANCE,
        f"{name} is a {describe(value)}, off by {off:.2f} on average",
        f"all of the {describe(image)}: RGB, {size}x{size}, in [-1, 1], mirrored or not",
        _value_hint(value, image, size) if off > TOLERANCE else "",
    )
    expect.tensor(value, shape, torch.float32, (-1.001, 1.001), name)
    return (value - upright).abs().mean().item() > off


def scaled(value: object, colour: tuple[int, int, int], size: int) -> None:
    """`value` is a picture of one colour as (3, size, size): black is -1, white is 1."""
    expect.tensor(value, (3, size, size), torch.float32, name="the tensor")
    right = (torch.tensor(colour) / 127.5 - 1).view(3, 1, 1).expand(3, size, size)
    wrong = {
        "The range is still [0, 1].": (right + 1) / 2,
        "0 to 255 was divided by 128, but its half is 127.5.": (right + 1) * 127.5 / 128 - 1,
    }
    hint = expect.misconception(value.cpu(), wrong)
    name = f"the tensor of the colour {list(colour)}"
    expect.close(value.cpu(), right, 1e-4, name, hint, "v / 127.5 - 1 (float32)")


def antialiased(value: torch.Tensor, image: Image.Image) -> None:
    """`value` averages the pixels of an image of noise, at least eight times larger each way.

    Averages of k x k independent pixels spread a k-th as much as the pixels; half of them is left
    where two pixels each way are averaged, all of it where one is picked.
    """
    spread = (value.std() / to_tensor(image).std()).item()
    expect.that(
        spread < 0.25,
        f"noise that was squeezed {image.width // value.shape[-1]} times keeps {spread:.0%} of its "
        "contrast",
        "every pixel of the picture counts: the averages of noise are nearly grey",
        "Pixels were skipped: an interpolation without antialiasing.",
    )


def _distance(value: torch.Tensor, picture: torch.Tensor) -> float:
    """The mean difference between a tensor and a picture or its mirror image."""
    return min((value - p).abs().mean().item() for p in (picture, picture.flip(-1)))


def _squeezed(image: Image.Image, size: int) -> Image.Image:
    return image.resize((size, size), Image.Resampling.BILINEAR)


def _shape_hint(value: object, image: Image.Image, size: int) -> str:
    """The misconception that explains a wrong shape, or ""."""
    if not isinstance(value, torch.Tensor) or value.ndim != 3 or value.shape == (3, size, size):
        return ""
    shape, channels = tuple(value.shape), len(image.getbands())
    if shape == (size, size, 3):
        return "Channels come first in torch: `permute(2, 0, 1)`."
    if shape == (channels, size, size) and channels != 3:
        return f'The picture kept its mode {image.mode}: `image.convert("RGB")` comes first.'
    if shape[0] == 3 and min(shape[1:]) == size:
        return "`Resize(s)` sets the shorter side only; `Resize((s, s))` sets both."
    if shape[0] == 3 and shape[1] == shape[2]:
        return "A square, but of another size: `image_size` does not reach the preprocessing."
    return ""


def _value_hint(value: torch.Tensor, image: Image.Image, size: int) -> str:
    """The misconception that explains wrong values, or ""."""
    right = to_tensor(_squeezed(image.convert("RGB"), size))
    cropped = to_tensor(center_crop(resize(image.convert("RGB"), size), size))
    swapped = "Rows and columns are swapped: `permute(2, 0, 1)` keeps them."
    wrong = [
        ("The range is still [0, 1]: Normalize([0.5], [0.5]) makes it [-1, 1].", (right + 1) / 2),
        ("The range is still [0, 255]: ToTensor would have divided by 255.", (right + 1) * 127.5),
        ("0.5 was subtracted, but nothing divided by: the deviation is 0.5, too.", right / 2),
        ("Normalized twice: the range was [-1, 1] before the last step.", right * 2 - 1),
        ("The sides were cut off: `Resize((s, s))` squeezes, a crop loses the wings.", cropped),
        ("It stands on its head: a horizontal flip swaps left and right.", right.flip(1)),
        ("Red and blue are swapped.", right.flip(0)),
        (swapped, right.transpose(1, 2)),
        (swapped, right.flip(2).transpose(1, 2)),
    ]
    if image.mode in ("LA", "RGBA"):
        late = to_tensor(_squeezed(image, size).convert("RGB"))
        wrong.append(('Resized before `convert("RGB")`: the transparent lost its colours.', late))
        for ground in ("white", "black"):
            hint = f"What is transparent was blended with {ground}: `convert` keeps its colours."
            wrong.append((hint, to_tensor(_squeezed(_blended(image, ground), size))))
    distance, hint = min((_distance(value, picture), hint) for hint, picture in wrong)
    return hint if distance <= TOLERANCE else ""


def _blended(image: Image.Image, ground: str) -> Image.Image:
    background = Image.new("RGBA", image.size, ground)
    return Image.alpha_composite(background, image.convert("RGBA")).convert("RGB")
