"""`kata sample` paints with what `kata train` left, by the katas of a tree."""

import pytest
import torch
from diffusers import DDPMPipeline, DDPMScheduler
from PIL import Image

from kata.learner import Functions
from kata.manifest import SOLUTIONS, load_manifest
from kata.run import RunError
from kata.sample import NothingTrained, run_sampling
from kata.tiny_pipelines import plain_unet


@pytest.fixture
def run(tmp_path):
    """A finished run, with a model that was not trained."""
    scheduler = DDPMScheduler(beta_schedule="squaredcos_cap_v2")
    DDPMPipeline(plain_unet(), scheduler).save_pretrained(tmp_path / "pipeline")
    return tmp_path


def sample(run, pictures=5):
    functions = Functions(load_manifest(), SOLUTIONS)
    run_sampling(functions, run, pictures=pictures, steps=8, seed=3)


def test_it_leaves_a_pipeline_a_sheet_a_strip_and_edits(run):
    sample(run)
    sizes = {name: Image.open(run / "sampled" / name).size for name in ("sheet.png", "strip.png")}
    assert sizes == {"sheet.png": (4 * 24, 2 * 24), "strip.png": (8 * 24, 4 * 24)}
    assert Image.open(run / "sampled" / "edits.png").size == (4 * 24, 24)
    loaded = DDPMPipeline.from_pretrained(run / "sampled" / "pipeline")
    for name, weights in plain_unet().state_dict().items():
        assert torch.equal(weights, loaded.unet.state_dict()[name])
    assert not list((run / "sampled").glob(".*"))


def test_the_same_seeds_give_the_same_sheet(run):
    sample(run, pictures=2)
    first = (run / "sampled" / "sheet.png").read_bytes()
    sample(run, pictures=2)
    assert (run / "sampled" / "sheet.png").read_bytes() == first


def test_without_a_trained_model_it_says_what_to_type(tmp_path):
    with pytest.raises(NothingTrained, match="kata train"):
        sample(tmp_path / "nothing")


def test_a_broken_pipeline_is_no_traceback(run):
    (run / "pipeline" / "unet" / "config.json").write_text("{")
    with pytest.raises(NothingTrained, match="cannot be loaded"):
        sample(run)


def test_pictures_that_cannot_be_written_are_a_clear_error(run):
    (run / "sampled").mkdir()
    (run / "sampled" / "sheet.png").mkdir()
    with pytest.raises(RunError, match=r"Cannot write .*sheet\.png"):
        sample(run)
