"""Wrong and right answers to transform."""

import functools
import random

import numpy as np
import torch
from PIL import Image
from torchvision import transforms
from torchvision.transforms import functional, v2

from kata.zoo import mistake, rewrite, variant

BATCH = "test_every_picture_of_the_batch_becomes_a_tensor"
ROWS = "test_the_data_set_gives_tensors"
ANEW = "test_a_row_is_flipped_anew_each_time"

TO_RGB = transforms.Lambda(lambda image: image.convert("RGB"))
FLIP = transforms.RandomHorizontalFlip()
TO_TENSOR = transforms.ToTensor()
CENTRE = transforms.Normalize([0.5], [0.5])


def right(examples, image_size=32):
    """A right transform for the wrong ways of attaching it."""
    resize = transforms.Resize((image_size, image_size))
    preprocess = transforms.Compose([TO_RGB, resize, FLIP, TO_TENSOR, CENTRE])
    return {"images": [preprocess(image) for image in examples["image"]]}


@mistake("transform", rejected_by=BATCH, says="the training reads `images`")
def key_of_the_column(examples, image_size=32):
    """The tensors lie under `image`, where the training reads `images`."""
    return {"image": right(examples, image_size)["images"]}


@rewrite(key_of_the_column)
def column_overwritten(examples, image_size=32):
    """The column is overwritten picture by picture, and returned under its own key."""
    tensors = []
    for picture in examples["image"]:
        small = functional.resize(picture.convert("RGB"), [image_size, image_size])
        if torch.rand(1) < 0.5:
            small = functional.hflip(small)
        tensors.append(functional.to_tensor(small) * 2 - 1)
    return dict(image=tensors)


@mistake("transform", rejected_by=BATCH, says="a dict with the key 'images'")
def only_the_list(examples, image_size=32):
    """The tensors are returned in a bare list, without the key `images`."""
    return right(examples, image_size)["images"]


@mistake("transform", rejected_by=ROWS, says="dict of sequences")
def a_list_for_the_data_set(examples, image_size=32):
    """The tensors are returned in a bare list, without the key `images`."""
    return right(examples, image_size)["images"]


@mistake("transform", rejected_by=BATCH, says="has 1 items")
def only_the_first(examples, image_size=32):
    """Only the first picture of the batch is used."""
    return right({"image": examples["image"][:1]}, image_size)


@mistake("transform", rejected_by=BATCH, says="has no attribute 'convert'")
def list_taken_for_a_picture(examples, image_size=32):
    """`examples["image"]` is taken for one picture; it is a list, also when one row was asked
    for.
    """
    return right({"image": [examples["image"].convert("RGB")]}, image_size)


@mistake("transform", rejected_by=BATCH, says="kept its mode L")
def no_rgb(examples, image_size=32):
    """Pictures are not converted to RGB: a grey one keeps one channel, and cannot be stacked
    with the others.
    """
    resize = transforms.Resize((image_size, image_size))
    preprocess = transforms.Compose([resize, FLIP, TO_TENSOR, CENTRE])
    return {"images": [preprocess(image) for image in examples["image"]]}


@rewrite(no_rgb)
def no_rgb_in_a_loop(examples, image_size=32):
    """A loop with Pillow's `resize` and arithmetic in the place of `Normalize`."""
    batch = {"images": []}
    for image in examples["image"]:
        image = image.resize((image_size, image_size), Image.Resampling.BILINEAR)
        image = transforms.RandomHorizontalFlip(p=0.5)(image)
        batch["images"].append((transforms.functional.to_tensor(image) - 0.5) / 0.5)
    return batch


@mistake("transform", rejected_by=BATCH, says="Resized before")
def resized_before_rgb(examples, image_size=32):
    """Resized before `convert("RGB")`: Pillow then weighs colours by their opacity."""
    resize = transforms.Resize((image_size, image_size))
    preprocess = transforms.Compose([resize, TO_RGB, FLIP, TO_TENSOR, CENTRE])
    return {"images": [preprocess(image) for image in examples["image"]]}


@mistake("transform", rejected_by=BATCH, says="still [0, 1]")
def not_normalized(examples, image_size=32):
    """The picture is left in [0, 1] and not brought to [-1, 1]."""
    resize = transforms.Resize((image_size, image_size))
    preprocess = transforms.Compose([TO_RGB, resize, FLIP, TO_TENSOR])
    return {"images": [preprocess(image) for image in examples["image"]]}


@rewrite(not_normalized)
def not_normalized_by_numpy(examples, image_size=32):
    """NumPy divides by 255, and nobody moves the range."""

    def one(image):
        image = image.convert("RGB").resize((image_size, image_size), Image.BILINEAR)
        array = np.array(FLIP(image), dtype=np.float32) / 255.0
        return torch.from_numpy(array.transpose(2, 0, 1))

    return {"images": list(map(one, examples["image"]))}


@mistake("transform", rejected_by=BATCH, says="sides were cut off")
def cropped(examples, image_size=32):
    """Resized by the shorter side and cropped: the sides of the picture are lost."""
    crop = [transforms.Resize(image_size), transforms.CenterCrop(image_size)]
    preprocess = transforms.Compose([TO_RGB, *crop, FLIP, TO_TENSOR, CENTRE])
    return {"images": [preprocess(image) for image in examples["image"]]}


@mistake("transform", rejected_by=f"{BATCH}[16]", says="(3, 16, 16)")
def size_ignored(examples, image_size=32):
    """32 pixels are written into the transform, whatever `image_size` says."""
    return right(examples)


@mistake("transform", rejected_by=BATCH, says="in another order than the examples")
def last_first(examples, image_size=32):
    """The tensors come in reverse order."""
    return {"images": right(examples, image_size)["images"][::-1]}


@mistake("transform", rejected_by=ANEW, says="the flip is missing")
def no_flip_at_all(examples, image_size=32):
    """No picture is ever flipped."""
    resize = transforms.Resize((image_size, image_size))
    preprocess = transforms.Compose([TO_RGB, resize, TO_TENSOR, CENTRE])
    return {"images": [preprocess(image) for image in examples["image"]]}


@mistake("transform", rejected_by=BATCH, says="in another order than the examples")
def same_picture_everywhere(examples, image_size=32):
    """Every entry is the tensor of the last picture."""
    tensors = right(examples, image_size)["images"]
    return {"images": [tensors[-1] for _ in tensors]}


@mistake(
    "transform",
    rejected_by="test_nothing_is_returned_that_cannot_be_batched",
    says="return a new dict",
)
def examples_returned(examples, image_size=32):
    """The examples are returned with the tensors added, and no DataLoader can stack their PIL
    images.
    """
    examples["images"] = right(examples, image_size)["images"]
    return examples


@mistake(
    "transform",
    rejected_by="test_each_picture_of_a_batch_is_flipped_on_its_own",
    says="one decision for the whole batch",
)
def batch_flipped_as_one(examples, image_size=32):
    """One coin is tossed for the whole batch: its pictures are flipped all or none."""
    resize = transforms.Resize((image_size, image_size))
    preprocess = transforms.Compose([TO_RGB, resize, TO_TENSOR, CENTRE])
    return {"images": FLIP(torch.stack([preprocess(image) for image in examples["image"]]))}


@mistake(
    "transform",
    rejected_by="test_each_picture_of_a_batch_is_flipped_on_its_own",
    says="no flip at all",
)
def never_flipped(examples, image_size=32):
    """No picture is ever flipped."""
    resize = transforms.Resize((image_size, image_size))
    preprocess = transforms.Compose([TO_RGB, resize, TO_TENSOR, CENTRE])
    return {"images": [preprocess(image) for image in examples["image"]]}


CALLS = []


def counted(examples, image_size=32):
    """Flips two pictures of every four."""
    resize = transforms.Resize((image_size, image_size))
    preprocess = transforms.Compose([TO_RGB, resize, TO_TENSOR, CENTRE])
    tensors = []
    for image in examples["image"]:
        CALLS.append(None)
        tensor = preprocess(image)
        tensors.append(tensor.flip(2) if len(CALLS) // 2 % 2 else tensor)
    return {"images": tensors}


@mistake(
    "transform",
    rejected_by="test_each_picture_of_a_batch_is_flipped_on_its_own",
    says="Every 4 it begins again: counted",
)
def flipped_by_counting(examples, image_size=32):
    """The pictures are counted, and two of every four flip: in the same order again and again,
    where chance should decide.
    """
    return counted(examples, image_size)


@mistake("attach", rejected_by=ANEW, says="Every 4 it begins again: counted")
def attached_with_counted_flips(dataset, image_size):
    """The pictures are counted, and two of every four flip: in the same order again and again,
    where chance should decide.
    """
    return dataset.with_transform(functools.partial(counted, image_size=image_size))


@mistake("transform", rejected_by="test_no_pixel_is_skipped", says="numbers are the same")
def zeros(examples, image_size=32):
    """Zeros of the right shape are returned, whatever the pictures."""
    return {"images": [torch.zeros(3, image_size, image_size) for _ in examples["image"]]}


@mistake("transform", rejected_by="test_no_pixel_is_skipped", says="without antialiasing")
def nearest_neighbour(examples, image_size=32):
    """Resized by nearest neighbour, which picks single pixels: wrong for shrinking."""
    mode = transforms.InterpolationMode.NEAREST
    resize = transforms.Resize((image_size, image_size), mode)
    preprocess = transforms.Compose([TO_RGB, resize, FLIP, TO_TENSOR, CENTRE])
    return {"images": [preprocess(image) for image in examples["image"]]}


@mistake(
    "transform",
    rejected_by="test_black_becomes_minus_one_and_white_becomes_one",
    says="divided by 128",
)
def divided_by_128(examples, image_size=32):
    """Divided by 128 instead of 127.5: white never quite becomes 1."""
    tensors = right(examples, image_size)["images"]
    return {"images": [(tensor + 1) * 127.5 / 128 - 1 for tensor in tensors]}


@mistake("attach", rejected_by=ROWS, says="works in place")
def new_data_set_dropped(dataset, image_size):
    """The new data set that `with_transform` returns is thrown away."""
    dataset.with_transform(lambda examples: right(examples, image_size))
    return dataset


@rewrite(new_data_set_dropped)
def formatted_data_set_dropped(dataset, image_size):
    """`with_format` returns a new data set just as `with_transform` does."""
    sized = functools.partial(right, image_size=image_size)
    dataset.with_format("custom", transform=sized)
    return dataset


@mistake("attach", rejected_by=ROWS, says="return the data set itself")
def nothing_returned(dataset, image_size):
    """None is returned, as `set_transform` gives it, and no data set."""
    return dataset.set_transform(lambda examples: right(examples, image_size))


@mistake("attach", rejected_by=ROWS, says="`image_size` does not reach")
def size_not_passed_on(dataset, image_size):
    """The transform is attached without `image_size`: 32 pixels, whatever was asked for."""
    dataset.set_transform(right)
    return dataset


@rewrite(size_not_passed_on)
def size_not_passed_on_by_a_function(dataset, image_size):
    """The data set gets a function around the transform, and a new data set is returned."""

    def apply(examples):
        return right(examples)

    return dataset.with_transform(apply)


@mistake("attach", rejected_by=ROWS, says="stored as lists")
def mapped(dataset, image_size):
    """`map` computes all rows at once and stores lists in the place of tensors."""
    return dataset.map(lambda examples: right(examples, image_size), batched=True)


@mistake("attach", rejected_by=ANEW, says="as `map` does")
def mapped_and_read_as_tensors(dataset, image_size):
    """`map` freezes the flips for good, also when the lists are read as tensors."""
    mapped = dataset.map(lambda examples: right(examples, image_size), batched=True)
    return mapped.with_format("torch", columns=["images"])


@mistake("attach", rejected_by=ANEW, says="rows were computed once")
def computed_beforehand(dataset, image_size):
    """All tensors are computed once beforehand, so that their flips are frozen."""
    tensors = right(dataset[:], image_size)["images"]
    numbered = dataset.add_column("number", list(range(len(dataset))))
    return numbered.with_transform(lambda rows: {"images": [tensors[n] for n in rows["number"]]})


@mistake(
    "attach",
    rejected_by="test_nothing_is_computed_before_it_is_asked_for",
    says="find out who reads too early",
)
def first_row_tried_out(dataset, image_size):
    """The first row is run through the transform before anybody asks for it."""
    right(dataset[:1], image_size)
    return dataset.with_transform(lambda examples: right(examples, image_size))


@mistake(
    "attach",
    rejected_by="test_nothing_is_computed_before_it_is_asked_for",
    says="find out who reads too early",
)
def tried_out_beforehand(dataset, image_size):
    """All rows are run through the transform once before anybody asks for them."""
    right(dataset[:], image_size)
    return dataset.with_transform(lambda examples: right(examples, image_size))


@mistake("attach", rejected_by=ROWS, says="a `datasets.Dataset`")
def a_generator_of_tensors(dataset, image_size):
    """A generator of tensors is returned in the place of a data set."""
    return (right({"image": [row["image"]]}, image_size) for row in dataset)


@variant("transform")
def stacked(examples, image_size=32):
    """One tensor for the batch, by torchvision's v2."""
    preprocess = v2.Compose(
        [
            v2.RGB(),
            v2.Resize((image_size, image_size)),
            v2.RandomHorizontalFlip(),
            v2.ToImage(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize([0.5] * 3, [0.5] * 3),
        ]
    )
    return {"images": torch.stack([preprocess(image) for image in examples["image"]])}


@variant("transform")
def numpy_in_a_loop(examples, image_size=32):
    """Pillow and NumPy in a loop."""
    tensors = []
    for image in examples["image"]:
        small = image.convert("RGB").resize((image_size, image_size))
        pixels = np.array(small).astype("float32") / 127.5 - 1
        if random.random() < 0.5:
            pixels = pixels[:, ::-1].copy()
        tensors.append(torch.from_numpy(pixels).permute(2, 0, 1))
    return dict(images=tuple(tensors))


@variant("transform")
def functions_of_torchvision(examples, image_size=32):
    """The functional form, with all coins tossed in one draw."""
    coins = torch.rand(len(examples["image"])) < 0.5
    squares = [
        functional.resize(image.convert("RGB"), [image_size] * 2, antialias=True)
        for image in examples["image"]
    ]
    flipped = [functional.hflip(s) if c else s for s, c in zip(squares, coins, strict=True)]
    return {"images": [functional.to_tensor(image) * 2 - 1 for image in flipped]}


@variant("attach")
def a_new_data_set(dataset, image_size):
    """`with_transform` leaves the data set that it was given as it is."""
    return dataset.with_transform(lambda examples: right(examples, image_size))


@variant("attach")
def only_the_pictures_are_read(dataset, image_size):
    """The transform is given the one column that it needs."""

    def sized(examples):
        return right(examples, image_size=image_size)

    dataset.set_transform(sized, columns=["image"])
    return dataset


@variant("attach")
def other_columns_dropped(dataset, image_size):
    """Columns that no training reads are removed first."""
    pictures = dataset.select_columns(["image"])
    pictures.set_format("custom", transform=lambda examples: right(examples, image_size))
    return pictures
