"""One split of a data set, from a folder on disk or the hub."""

import hashlib

import pytest
import torch
from datasets import Dataset, Features, Image, Value
from PIL import Image as PillowImage

from kata import draw, expect, pixels
from kata.describe import describe
from kata.manifest import ROOT

BUTTERFLIES = ROOT / "data" / "butterflies"
COUNTS = {"train": 9, "validation": 4, "test": 5}


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    """`load_dataset` prepares what it reads in a cache: here in one that passes with the test."""
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path_factory.mktemp("cache"))


@pytest.fixture
def splits(rng):
    """Pictures of different sizes and modes for three splits."""
    shapes = [(12, 9, "RGB"), (8, 8, "L"), (10, 14, "RGBA")]
    return {
        split: [draw.image(rng, *shapes[number % 3]) for number in range(count)]
        for split, count in COUNTS.items()
    }


@pytest.fixture
def parquet_folder(splits, tmp_path):
    """The pictures with captions, a parquet file for each split, as on the hub."""
    features = Features({"image": Image(), "caption": Value("string")})
    for split, images in splits.items():
        captions = [f"{split} butterfly {number}" for number in range(len(images))]
        dataset = Dataset.from_dict({"image": images, "caption": captions}, features)
        dataset.to_parquet(tmp_path / "data" / f"{split}-00000-of-00001.parquet")
    return tmp_path


@pytest.fixture
def picture_folder(splits, tmp_path):
    """The pictures as PNG files, a folder for each split."""
    for split, images in splits.items():
        (tmp_path / split).mkdir()
        for number, image in enumerate(images):
            image.save(tmp_path / split / f"{number}.png")
    return tmp_path


def loaded(exercise, *arguments, **keywords):
    """Call the learner's function and look at what came back: a data set, not a dict of them."""
    try:
        handle = exercise.load_butterflies(*arguments, **keywords)
    except ValueError as error:
        expect.that(
            "BuilderConfig" not in str(error),
            f"`load_dataset` raised {expect.first_line(error)}",
            "the split that was asked for",
            "The second argument of `load_dataset` is a configuration: name it, `split=split`.",
        )
        raise
    type_name = getattr(handle, "type_name", "")
    hints = {
        "DatasetDict": "Without `split`, `load_dataset` returns all splits in a DatasetDict.",
        "IterableDataset": "`streaming=True` gives an iterable without rows that can be indexed.",
    }
    expected, hint = "one split: a `datasets.Dataset`", hints.get(type_name, "")
    expect.thing(handle, expected, hint)
    expect.that(type_name == "Dataset", f"the result is of type {type_name}", expected, hint)
    return handle


def check_rows(handle, images):
    """The data set holds these pictures in this order."""
    expect.that(
        len(handle) == len(images),
        f"{len(handle)} rows",
        f"{len(images)} rows: those of the split that was asked for",
        _count_hint(len(handle)),
    )
    right = [facts(image) for image in images]
    for number, image in enumerate(right):
        value = expect.mapping(handle[number], "image")
        seen = f'dataset[{number}]["image"] is {describe(value)}'
        expect.that(isinstance(value, PillowImage.Image), seen, "a PIL image")
        hint = "The rows are in another order." if facts(value) in right else ""
        expect.that(facts(value) == image, seen, f"row {number}: {describe(images[number])}", hint)


def facts(image):
    return image.mode, image.size, image.tobytes()


def _count_hint(count):
    if count == sum(COUNTS.values()):
        return "These are the rows of all splits."
    for split, size in COUNTS.items():
        if count == size:
            return f"These are the rows of the split {split!r}."
    return ""


@pytest.mark.points(2)
def test_the_shipped_butterflies_are_loaded(exercise, rng):
    """The butterflies of this repository: every row, every column, pictures that open."""
    handle = loaded(exercise, str(BUTTERFLIES), "train")
    expect.that(len(handle) == 1024, f"{len(handle)} rows", "1024 butterflies")
    for number in torch.randint(0, 1024, (8,), generator=rng).tolist():
        row = handle[number]
        image, image_hash = expect.mapping(row, "image"), expect.mapping(row, "image_hash")
        name = f'dataset[{number}]["image"]'
        expect.image(image, expect.mapping(row, "mode"), name=name)
        expect.that(
            hashlib.sha256(image.tobytes()).hexdigest() == image_hash,
            f"{name} is not the picture that `image_hash` belongs to",
            "pictures as they lie in the data set",
        )
        caption = str(expect.mapping(row, "caption"))
        expect.that("butterfly" in caption, f"the caption {caption!r}", "a butterfly's caption")


@pytest.mark.points(2)
@pytest.mark.parametrize("split", COUNTS)
def test_only_the_split_that_was_asked_for(exercise, parquet_folder, splits, split):
    """Parquet files: the rows of the split, of no other, with all their columns."""
    handle = loaded(exercise, str(parquet_folder), split)
    check_rows(handle, splits[split])
    caption = expect.mapping(handle[2], "caption")
    expect.that(
        caption == f"{split} butterfly 2", f"the caption {caption!r}", "the caption of its row"
    )


def test_train_is_the_default(exercise, parquet_folder, splits):
    """Without a split the training pictures are meant."""
    check_rows(loaded(exercise, str(parquet_folder)), splits["train"])


@pytest.mark.parametrize(
    ("split", "part", "rows"),
    [("train", "[2:7]", slice(2, 7)), ("validation", "[50%:]", slice(2, None))],
    ids=["rows", "percent"],
)
def test_a_part_of_a_split(exercise, parquet_folder, splits, split, part, rows):
    """The notation of `load_dataset` for parts of a split is understood."""
    handle = loaded(exercise, str(parquet_folder), split=split + part)
    check_rows(handle, splits[split][rows])


def test_plain_pictures_in_folders(exercise, picture_folder, splits):
    """PNG files in a folder for each split are loaded by the same line."""
    handle = loaded(exercise, str(picture_folder), "validation")
    check_rows(handle, splits["validation"])


def test_a_picture_is_read_when_its_row_is_asked_for(exercise, picture_folder, splits):
    """A picture that nobody asks for is never read: a broken one hurts nobody then."""
    (picture_folder / "test" / "0.png").write_bytes(pixels.BROKEN)
    with pixels.broken_ones_unread():
        handle = loaded(exercise, str(picture_folder), "test")
        value = expect.mapping(handle[3], "image")
    expect.image(value, splits["test"][3].mode, splits["test"][3].size, 'dataset[3]["image"]')


def test_a_missing_folder_is_an_error(exercise, parquet_folder, splits, tmp_path):
    """A folder that does not exist raises what `load_dataset` raises, a FileNotFoundError."""
    check_rows(loaded(exercise, str(parquet_folder), "test"), splits["test"])
    try:
        result = exercise.load_butterflies(str(tmp_path / "nowhere" / "butterflies"))
    except FileNotFoundError:
        return
    expect.that(
        False, f"{describe(result)} for a folder that is missing", "the error of `load_dataset`"
    )


def test_an_unknown_split_is_an_error(exercise, parquet_folder, splits):
    """A split that does not exist raises what `load_dataset` raises, a ValueError."""
    check_rows(loaded(exercise, str(parquet_folder), "test"), splits["test"])
    try:
        result = exercise.load_butterflies(str(parquet_folder), "nothing")
    except ValueError:
        return
    expect.that(False, f"{describe(result)} for the split 'nothing'", "the error of `load_dataset`")
