"""What suites say about PIL images that are read, and made tensors."""

import contextlib
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torchvision.transforms.functional import center_crop, resize

from kata import expect
from kata.describe import describe
from kata.verdict import Wrong

# Antialiased interpolations of a `draw.photo` differ by up to 0.03 on average; a photo and its
# mirror image differ by ten times as much.
TOLERANCE = 0.05

BROKEN = b"not a picture"  # what lies in a row that nobody may read


@contextlib.contextmanager
def broken_ones_unread() -> Iterator[None]:
    """Within, the learner's code reads no picture that is BROKEN, since no row of one was asked."""
    try:
        yield
    except UnidentifiedImageError:
        raise Wrong(
            "a picture was read whose row nobody had asked for",
            "only rows that are asked for are read",
            "The suite has made that picture unreadable to find out who reads too early.",
        ) from None


def to_tensor(image: Image.Image) -> torch.Tensor:
    """Return the RGB image as float32 (3, H, W): 0 becomes -1 and 255 becomes 1."""
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 127.5 - 1


def preprocessed(
    value: object,
    image: Image.Image,
    size: int,
    name: str = "the tensor",
    batch: Sequence[Image.Image] = (),
) -> bool:
    """`value` is the smooth image, squeezed to (3, size, size) in [-1, 1]. Returns if mirrored.

    batch  the pictures that may have been taken for it, in their order
    """
    shape = (3, size, size)
    expect.tensor(value, shape, torch.float32, None, name, _shape_hint(value, image, size))
    value = value.cpu()
    upright = to_tensor(_squeezed(image.convert("RGB"), size))
    off = _distance(value, upright)
    expect.that(
        off <= TOLERANCE,
        f"{name} is a {describe(value)}, off by {off:.2f} on average",
        f"all of the {describe(image)}: RGB, {size}x{size}, in [-1, 1], mirrored or not",
        _order_hint(value, batch, size) or _value_hint(value, image, size)
        if off > TOLERANCE
        else "",
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
    where two pixels each way are averaged, all of it where one is picked. Averages by other weights
    correlate with these by 0.8 and more, what has nothing of the picture by 0.3 at most.
    """
    spread = (value.std() / to_tensor(image.convert("RGB")).std()).item()
    alike = _likeness(value, image)
    expect.that(
        spread < 0.25,
        f"noise that was squeezed {image.width // value.shape[-1]} times keeps {spread:.0%} of its "
        "contrast",
        "every pixel of the picture counts: the averages of noise are nearly grey",
        _contrast_hint(alike, image),
    )
    expect.that(
        alike > 0.5,
        f"the tensor and the averages of the picture have correlation {alike:.2f}",
        "the picture itself, mirrored or not: each number an average of its pixels",
        "All its numbers are the same." if value.std() == 0 else "",
    )


def _likeness(value: torch.Tensor, image: Image.Image) -> float:
    """The correlation with the averaged image or its mirror image; 0 where all is one colour."""
    averaged = to_tensor(_squeezed(image.convert("RGB"), value.shape[-1]))
    if value.std() == 0:
        return 0.0
    return max(
        torch.corrcoef(torch.stack([value.cpu().flatten(), picture.flatten()]))[0, 1].item()
        for picture in (averaged, averaged.flip(-1))
    )


def _contrast_hint(alike: float, image: Image.Image) -> str:
    """The misconception behind too much contrast: averages correlate with averages."""
    if alike > 0.8:
        return "Averaged, but then stretched: each picture by its own darkest and brightest value."
    if image.mode == "P":
        return 'Pixels were skipped: palettes have no averages, so `convert("RGB")` comes first.'
    return "Pixels were skipped: an interpolation without antialiasing."


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


def _order_hint(value: torch.Tensor, batch: Sequence[Image.Image], size: int) -> str:
    """Which other picture of the batch the value shows, or ""."""
    for number, image in enumerate(batch):
        if _distance(value, to_tensor(_squeezed(image.convert("RGB"), size))) <= TOLERANCE:
            return f"This is picture {number}: the tensors are in another order than the examples."
    return ""


def _value_hint(value: torch.Tensor, image: Image.Image, size: int) -> str:
    """The misconception that explains wrong values, or ""."""
    right = to_tensor(_squeezed(image.convert("RGB"), size))
    cropped = to_tensor(center_crop(resize(image.convert("RGB"), size), size))
    fitted = ImageOps.contain(image.convert("RGB"), (size, size))
    padded = "Padded to a square: `Resize((s, s))` squeezes the whole picture to s x s."
    imagenet = "The statistics of ImageNet, for classifiers: [-1, 1] takes 0.5 and 0.5."
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    deviation = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    reshaped = "Reshaped instead of permuted: `permute(2, 0, 1)` moves the axes of (H, W, 3)."
    swapped = "Rows and columns are swapped: `permute(2, 0, 1)` keeps them."
    wrong = [
        ("The range is still [0, 1]: Normalize([0.5], [0.5]) makes it [-1, 1].", (right + 1) / 2),
        ("The range is still [0, 255]: ToTensor would have divided by 255.", (right + 1) * 127.5),
        ("0.5 was subtracted, but nothing divided by: the deviation is 0.5, too.", right / 2),
        ("Normalized twice: the range was [-1, 1] before the last step.", right * 2 - 1),
        ("The sides were cut off: `Resize((s, s))` squeezes, a crop loses the wings.", cropped),
        ("It stands on its head: a horizontal flip swaps left and right.", right.flip(1)),
        ("Red and blue are swapped.", right.flip(0)),
        (padded, to_tensor(ImageOps.pad(fitted, (size, size), centering=(0, 0)))),
        (padded, to_tensor(ImageOps.pad(fitted, (size, size)))),
        (imagenet, ((right + 1) / 2 - mean) / deviation),
        (reshaped, right.permute(1, 2, 0).reshape(3, size, size)),
        (reshaped, right.flip(2).permute(1, 2, 0).reshape(3, size, size)),
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
