"""The data set is what its card says, and its script draws it."""

import collections
import hashlib

import datasets
import pytest

from kata.manifest import ROOT

FOLDER = ROOT / "data" / "butterflies"


@pytest.fixture(scope="module")
def butterflies(tmp_path_factory):
    cache = str(tmp_path_factory.mktemp("cache"))
    return datasets.load_dataset(str(FOLDER), split="train", cache_dir=cache)


def test_it_loads_by_its_folder_and_has_a_thousand_pictures(butterflies):
    assert len(butterflies) == 1024


def test_it_is_small_enough_to_ship():
    total = sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file())
    assert total < 8 * 2**20


def test_pictures_differ_in_mode_and_size_as_the_card_says(butterflies):
    images = butterflies["image"]
    modes = collections.Counter(image.mode for image in images)
    not_square = sum(image.width != image.height for image in images)
    assert modes == {"RGB": 904, "L": 60, "RGBA": 60}
    assert not_square == 256


def test_it_has_the_columns_of_the_set_on_the_hub(butterflies):
    hub = ["image_url", "image_alt", "id", "name", "scientific_name", "gender", "taxonomy"]
    hub += ["region", "locality", "date", "usnm_no", "guid", "edan_url", "source", "stage"]
    hub += ["image", "image_hash", "sim_score"]
    assert list(butterflies.features)[: len(hub)] == hub
    assert isinstance(butterflies.features["image"], datasets.Image)


def test_every_caption_names_the_colours_it_was_made_from(butterflies):
    for row in butterflies.remove_columns("image"):
        assert row["forewing_color"] in row["caption"]
        assert row["hindwing_color"] in row["caption"]


def test_no_picture_is_there_twice(butterflies):
    assert len(set(butterflies["image_hash"])) == len(butterflies)


def test_the_hash_of_each_picture_is_that_of_its_pixels(butterflies):
    for row in butterflies.select(range(0, len(butterflies), 16)):
        assert hashlib.sha256(row["image"].tobytes()).hexdigest() == row["image_hash"]


@pytest.fixture
def main(monkeypatch):
    """The command line of the script that draws them."""
    monkeypatch.syspath_prepend(str(ROOT / "data"))
    from make_butterflies import main

    return main


def test_the_script_draws_the_same_bytes_again(main, tmp_path):
    for folder in ("one", "two"):
        assert main(["--count", "8", "--out", str(tmp_path / folder)]) == 0
    one, two = (next((tmp_path / f).rglob("*.parquet")).read_bytes() for f in ("one", "two"))
    assert one == two


def test_a_check_tells_a_set_that_it_draws_from_another(main, tmp_path):
    arguments = ["--count", "4", "--out", str(tmp_path / "set")]
    main(arguments)
    assert main([*arguments, "--check"]) == 0
    assert main([*arguments, "--check", "--seed", "1"]) == 1
