"""Wrong and right answers to preprocess."""

import itertools
import random

import numpy as np
import torch
from PIL import Image, ImageOps
from torchvision import transforms
from torchvision.transforms import functional, v2

from kata.zoo import mistake, rewrite, variant

SQUARE = "test_a_picture_of_any_size_becomes_a_square"
MODES = "test_a_picture_of_any_mode_becomes_rgb"
SCALE = "test_black_becomes_minus_one_and_white_becomes_one"
FLIPS = "test_half_of_the_calls_mirror_the_picture"

TO_RGB = transforms.Lambda(lambda image: image.convert("RGB"))
FLIP = transforms.RandomHorizontalFlip()
TO_TENSOR = transforms.ToTensor()
CENTRE = transforms.Normalize([0.5], [0.5])


@mistake("make_preprocess", rejected_by=SQUARE, says="still [0, 1]")
def not_normalized(image_size):
    """The picture is left in [0, 1] and not brought to [-1, 1]."""
    resize = transforms.Resize((image_size, image_size))
    return transforms.Compose([TO_RGB, resize, FLIP, TO_TENSOR])


@rewrite(not_normalized)
def not_normalized_by_hand(image_size):
    """Pillow resizes, a coin of torch flips, NumPy makes the numbers."""

    def preprocess(image):
        image = image.convert("RGB")
        image = image.resize((image_size, image_size), Image.Resampling.BILINEAR)
        if torch.rand(1) < 0.5:
            image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        array = np.array(image, dtype=np.float32) / 255
        return torch.from_numpy(array).permute(2, 0, 1)

    return preprocess


@mistake("make_preprocess", rejected_by=SQUARE, says="nothing divided by")
def only_the_mean(image_size):
    """The mean is subtracted, but the standard deviation left at 1: half the range."""
    resize = transforms.Resize((image_size, image_size))
    centre = transforms.Normalize([0.5], [1.0])
    return transforms.Compose([TO_RGB, resize, FLIP, TO_TENSOR, centre])


@mistake("make_preprocess", rejected_by=SQUARE, says="Normalized twice")
def normalized_twice(image_size):
    """The range is centred twice: mean and deviation 0.5 are given for numbers that lie in [-1,
    1] already.
    """
    resize = transforms.Resize((image_size, image_size))
    return transforms.Compose([TO_RGB, resize, FLIP, TO_TENSOR, CENTRE, CENTRE])


@rewrite(normalized_twice)
def normalized_a_second_time_by_hand(image_size):
    """The first time by arithmetic, the second by torchvision's function."""
    size = [image_size, image_size]

    def preprocess(picture):
        small = functional.resize(picture.convert("RGB"), size)
        pixels = functional.to_tensor(transforms.RandomHorizontalFlip(p=0.5)(small))
        pixels = 2 * pixels - 1
        return functional.normalize(pixels, mean=[0.5, 0.5, 0.5], std=[0.5, 0.5, 0.5])

    return preprocess


@mistake("make_preprocess", rejected_by=SQUARE, says="statistics of ImageNet")
def statistics_of_imagenet(image_size):
    """Normalized by the mean and deviation of ImageNet, as classifiers want it."""
    resize = transforms.Resize((image_size, image_size))
    centre = transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    return transforms.Compose([TO_RGB, resize, FLIP, TO_TENSOR, centre])


@mistake("make_preprocess", rejected_by=f"{SQUARE}[96-60-32]", says="shorter side only")
def shorter_side_only(image_size):
    """Only the shorter side is brought to the size, as by `Resize(s)`: a wide picture stays
    wide.
    """
    return transforms.Compose([TO_RGB, transforms.Resize(image_size), FLIP, TO_TENSOR, CENTRE])


@rewrite(shorter_side_only)
def shorter_side_only_in_a_function(image_size):
    """The functions of torchvision in the place of its classes."""

    def preprocess(img):
        img = img.convert("RGB")
        img = functional.resize(img, image_size)
        if torch.rand(1).item() < 0.5:
            img = functional.hflip(img)
        return (functional.to_tensor(img) - 0.5) / 0.5

    return preprocess


@mistake("make_preprocess", rejected_by=f"{SQUARE}[96-60-32]", says="cut off")
def cropped(image_size):
    """Resized by the shorter side and cropped: the sides of the picture are lost."""
    crop = [transforms.Resize(image_size), transforms.CenterCrop(image_size)]
    return transforms.Compose([TO_RGB, *crop, FLIP, TO_TENSOR, CENTRE])


@mistake("make_preprocess", rejected_by=f"{SQUARE}[43-90-32]", says="Padded to a square")
def padded(image_size):
    """The longer side is made to fit, and the rest filled with black."""

    def preprocess(image):
        image = image.convert("RGB")
        image.thumbnail((image_size, image_size))
        square = Image.new("RGB", (image_size, image_size))
        square.paste(image)
        return CENTRE(TO_TENSOR(FLIP(square)))

    return preprocess


@mistake("make_preprocess", rejected_by=f"{MODES}[L]", says="kept its mode")
def no_rgb(image_size):
    """Pictures are not converted to RGB: a grey one has one channel, a transparent one four."""
    resize = transforms.Resize((image_size, image_size))
    return transforms.Compose([resize, FLIP, TO_TENSOR, CENTRE])


@rewrite(no_rgb)
def no_rgb_in_version_two(image_size):
    """The second version of the transforms, and 8-bit numbers until the end."""
    return v2.Compose(
        [
            v2.Resize(size=(image_size, image_size)),
            v2.RandomHorizontalFlip(p=0.5),
            v2.PILToTensor(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Lambda(lambda pixels: pixels * 2 - 1),
        ]
    )


@mistake("make_preprocess", rejected_by=f"{MODES}[RGBA]", says="Resized before")
def resized_before_rgb(image_size):
    """Resized before `convert("RGB")`: Pillow then weighs colours by their opacity."""
    resize = transforms.Resize((image_size, image_size))
    return transforms.Compose([resize, TO_RGB, FLIP, TO_TENSOR, CENTRE])


@mistake(
    "make_preprocess",
    rejected_by="test_no_pixel_is_skipped[P]",
    says="palettes have no averages",
)
def palette_resized(image_size):
    """A picture with a palette is resized before it is converted, but palette numbers have no
    averages.
    """
    resize = transforms.Resize((image_size, image_size))

    def preprocess(image):
        opaque = image if image.mode == "P" else image.convert("RGB")
        return CENTRE(TO_TENSOR(FLIP(resize(opaque).convert("RGB"))))

    return preprocess


@mistake("make_preprocess", rejected_by=f"{MODES}[RGBA]", says="blended with white")
def blended_with_white(image_size):
    """A transparent picture is laid on white instead of dropping its transparency."""

    def preprocess(image):
        ground = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB")
        return CENTRE(TO_TENSOR(FLIP(image.resize((image_size, image_size)))))

    return preprocess


@mistake("make_preprocess", rejected_by=FLIPS, says="No call flips")
def never_flipped(image_size):
    """No picture is ever flipped."""
    resize = transforms.Resize((image_size, image_size))
    return transforms.Compose([TO_RGB, resize, TO_TENSOR, CENTRE])


@rewrite(never_flipped)
def never_flipped_by_pillow(image_size):
    """Pillow and NumPy, without torchvision."""

    def preprocess(image):
        small = image.convert("RGB").resize((image_size, image_size), resample=Image.BILINEAR)
        array = np.asarray(small).astype("float32")
        array = (array - 127.5) / 127.5
        return torch.tensor(np.moveaxis(array, -1, 0))

    return preprocess


@mistake("make_preprocess", rejected_by=FLIPS, says="Every call flips")
def always_flipped(image_size):
    """Every picture is flipped."""
    resize = transforms.Resize((image_size, image_size))
    return transforms.Compose([TO_RGB, resize, functional.hflip, TO_TENSOR, CENTRE])


@mistake("make_preprocess", rejected_by=FLIPS, says="of 400 calls")
def decided_once(image_size):
    """Whether to flip is decided once, when the preprocessing is made, not at each call."""
    flip = transforms.RandomHorizontalFlip(float(random.random() < 0.5))
    resize = transforms.Resize((image_size, image_size))
    return transforms.Compose([TO_RGB, resize, flip, TO_TENSOR, CENTRE])


@mistake("make_preprocess", rejected_by=FLIPS, says="of 400 calls")
def rarely_flipped(image_size):
    """Three in ten pictures are flipped instead of half of them."""
    flip = transforms.RandomHorizontalFlip(0.3)
    resize = transforms.Resize((image_size, image_size))
    return transforms.Compose([TO_RGB, resize, flip, TO_TENSOR, CENTRE])


@mistake("make_preprocess", rejected_by=FLIPS, says="Every 2 it begins again: counted")
def flipped_in_turn(image_size):
    """Every other call flips, and not half of them at random."""
    calls = iter(range(10**9))
    turn = transforms.Lambda(lambda image: functional.hflip(image) if next(calls) % 2 else image)
    resize = transforms.Resize((image_size, image_size))
    return transforms.Compose([TO_RGB, resize, turn, TO_TENSOR, CENTRE])


@rewrite(flipped_in_turn)
def flipped_in_turn_by_a_cycle(image_size):
    """The turns are those of `itertools.cycle`, in a function without torchvision."""
    turns = itertools.cycle([False, True])

    def preprocess(image):
        small = image.convert("RGB").resize((image_size, image_size), Image.Resampling.BILINEAR)
        if next(turns):
            small = small.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        return torch.from_numpy(np.array(small)).permute(2, 0, 1) / 127.5 - 1

    return preprocess


CALLS = []


@mistake("make_preprocess", rejected_by=FLIPS, says="Every 4 it begins again: counted")
def flipped_by_counting(image_size):
    """The calls are counted, and two of every four flip: in the same order again and again, where
    chance should decide.
    """

    def flip(image):
        CALLS.append(None)
        return functional.hflip(image) if len(CALLS) // 2 % 2 else image

    resize = transforms.Resize((image_size, image_size))
    return transforms.Compose([TO_RGB, resize, flip, TO_TENSOR, CENTRE])


@mistake("make_preprocess", rejected_by="test_no_pixel_is_skipped", says="numbers are the same")
def zeros(image_size):
    """Zeros of the right shape are returned, whatever the picture."""
    return lambda image: torch.zeros(3, image_size, image_size)


@mistake("make_preprocess", rejected_by=SQUARE, says="stands on its head")
def flipped_upside_down(image_size):
    """Top and bottom are swapped instead of left and right."""
    resize = transforms.Resize((image_size, image_size))
    return transforms.Compose([TO_RGB, resize, functional.vflip, TO_TENSOR, CENTRE])


@mistake("make_preprocess", rejected_by=SQUARE, says="uint8 tensor")
def left_as_bytes(image_size):
    """The numbers stay 8-bit integers, as `PILToTensor` leaves them."""
    resize = transforms.Resize((image_size, image_size))
    return transforms.Compose([TO_RGB, resize, FLIP, transforms.PILToTensor()])


@mistake("make_preprocess", rejected_by=SQUARE, says="float64 tensor")
def double_precision(image_size):
    """The tensor is float64, as NumPy's division makes it."""

    def preprocess(image):
        pixels = np.array(FLIP(image.convert("RGB").resize((image_size, image_size))))
        return torch.from_numpy(pixels / 127.5 - 1).permute(2, 0, 1)

    return preprocess


@mistake("make_preprocess", rejected_by=SQUARE, says="Channels come first")
def channels_last(image_size):
    """The channels stay last, as NumPy has them; torch wants them first."""

    def preprocess(image):
        pixels = np.array(FLIP(image.convert("RGB").resize((image_size, image_size))))
        return torch.from_numpy(pixels).float() / 127.5 - 1

    return preprocess


@mistake("make_preprocess", rejected_by=SQUARE, says="Rows and columns")
def transposed(image_size):
    """`.T` puts the channels first, but the columns before the rows."""

    def preprocess(image):
        pixels = np.array(FLIP(image.convert("RGB").resize((image_size, image_size), 2)))
        return torch.from_numpy(pixels.T.copy()).float() / 127.5 - 1

    return preprocess


@mistake("make_preprocess", rejected_by=SQUARE, says="Reshaped instead of permuted")
def reshaped(image_size):
    """`reshape` gives the right shape, and tears the colours of each pixel apart."""

    def preprocess(image):
        pixels = np.array(FLIP(image.convert("RGB").resize((image_size, image_size))))
        return torch.from_numpy(pixels).reshape(3, image_size, image_size).float() / 127.5 - 1

    return preprocess


@mistake(
    "make_preprocess",
    rejected_by="test_no_pixel_is_skipped[RGB]",
    says="own darkest and brightest value",
)
def stretched(image_size):
    """Minimum and maximum of each picture are stretched to -1 and 1."""
    resize = transforms.Resize((image_size, image_size))

    def preprocess(image):
        tensor = TO_TENSOR(FLIP(resize(image.convert("RGB"))))
        span = (tensor.max() - tensor.min()).clamp(min=1e-6)
        return (tensor - tensor.min()) / span * 2 - 1

    return preprocess


@mistake("make_preprocess", rejected_by=SCALE, says="divided by 128")
def divided_by_128(image_size):
    """Divided by 128 instead of 127.5: white never quite becomes 1."""

    def preprocess(image):
        pixels = np.array(FLIP(image.convert("RGB").resize((image_size, image_size))))
        return torch.from_numpy(pixels).permute(2, 0, 1).float() / 128 - 1

    return preprocess


@mistake(
    "make_preprocess", rejected_by="test_no_pixel_is_skipped[RGB]", says="without antialiasing"
)
def nearest_neighbour(image_size):
    """Resized by nearest neighbour, which picks single pixels: wrong for shrinking."""
    mode = transforms.InterpolationMode.NEAREST
    resize = transforms.Resize((image_size, image_size), interpolation=mode)
    return transforms.Compose([TO_RGB, resize, FLIP, TO_TENSOR, CENTRE])


@mistake(
    "make_preprocess", rejected_by="test_no_pixel_is_skipped[RGB]", says="without antialiasing"
)
def interpolated_without_antialiasing(image_size):
    """`interpolate` without antialiasing looks at two pixels each way, however many there are."""

    def preprocess(image):
        batch = CENTRE(TO_TENSOR(FLIP(image.convert("RGB"))))[None]
        return torch.nn.functional.interpolate(batch, (image_size, image_size), mode="bilinear")[0]

    return preprocess


@mistake("make_preprocess", rejected_by=SQUARE, says="something to call")
def a_list_of_steps(image_size):
    """The steps stand in a list, and are not composed."""
    resize = transforms.Resize((image_size, image_size))
    return [TO_RGB, resize, FLIP, TO_TENSOR, CENTRE]


@mistake("make_preprocess", rejected_by="test_the_picture_stays_as_it_was", says="was changed")
def shrunk_in_place(image_size):
    """The caller's own picture is shrunk in place, as `thumbnail` does."""

    def preprocess(image):
        image.thumbnail((image_size, image_size))
        square = image.convert("RGB").resize((image_size, image_size))
        return CENTRE(TO_TENSOR(FLIP(square)))

    return preprocess


@variant("make_preprocess")
def second_version_of_transforms(image_size):
    """torchvision's v2, on 8-bit tensors."""
    return v2.Compose(
        [
            v2.RGB(),
            v2.ToImage(),
            v2.Resize((image_size, image_size), antialias=True),
            v2.RandomHorizontalFlip(0.5),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(mean=[0.5] * 3, std=[0.5] * 3),
        ]
    )


@variant("make_preprocess")
def tensors_first(image_size):
    """To a tensor first, then flipped, resized and centred as a tensor."""
    return torch.nn.Sequential(
        v2.Lambda(lambda image: TO_TENSOR(image.convert("RGB")) * 2 - 1),
        v2.RandomHorizontalFlip(),
        v2.Resize([image_size, image_size]),
    )


@variant("make_preprocess")
def pillow_and_numpy(image_size):
    """No torchvision at all, and a cubic interpolation."""
    chance = np.random.default_rng()

    def preprocess(image):
        image = image.convert("RGB").resize((image_size, image_size))
        if chance.integers(2):
            image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        pixels = np.asarray(image, dtype=np.float32) / 127.5 - 1
        return torch.tensor(pixels.transpose(2, 0, 1))

    return preprocess


@variant("make_preprocess")
def functions_of_torchvision(image_size):
    """The functional form, and averages over areas in place of an interpolation."""

    def preprocess(image):
        batch = functional.to_tensor(image.convert("RGB"))[None]
        tensor = torch.nn.functional.interpolate(batch, (image_size, image_size), mode="area")[0]
        if torch.rand(()) > 0.5:
            tensor = functional.hflip(tensor)
        return functional.normalize(tensor, 0.5, 0.5)

    return preprocess


@variant("make_preprocess")
def coin_of_python(image_size):
    """Python's own coin, and Pillow's mirror."""
    resize = v2.Resize((image_size, image_size))

    def preprocess(image):
        square = resize(image.convert("RGB"))
        return CENTRE(TO_TENSOR(ImageOps.mirror(square) if random.random() < 0.5 else square))

    return preprocess


@variant("make_preprocess")
def coin_of_numpy(image_size):
    """NumPy's global coin, and a list that is read backwards."""

    def preprocess(image):
        pixels = np.array(image.convert("RGB").resize((image_size, image_size)), np.float32)
        pixels = pixels[:, :: np.random.choice([1, -1])] / 127.5 - 1
        return torch.tensor(pixels.copy()).permute(2, 0, 1)

    return preprocess


@variant("make_preprocess")
class AnObject:
    """A class whose objects are called; Lanczos, and a coin of its own."""

    def __init__(self, image_size):
        self.size = image_size, image_size
        self.coin = torch.Generator().manual_seed(image_size)

    def __call__(self, image):
        image = Image.Image.resize(image.convert("RGB"), self.size, Image.Resampling.LANCZOS)
        tensor = TO_TENSOR(image).sub(0.5).div(0.5)
        return tensor.flip(2) if torch.rand(1, generator=self.coin) < 0.5 else tensor
