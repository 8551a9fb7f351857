"""`kata train` trains with the katas of a tree, and goes on after an interruption."""

import csv
from dataclasses import replace

import pytest
import safetensors.torch
import torch
from PIL import Image

from kata.learner import Functions, Unfinished
from kata.manifest import EXERCISES, ROOT, SOLUTIONS, load_manifest
from kata.profiles import NEEDED, PROFILES
from kata.stub import make_stub
from kata.train import run_training

PROFILE = replace(PROFILES["smoke"], num_pictures=32)
DATASET = str(ROOT / "data" / "butterflies")


class Interrupted(Exception):
    """Stands for Ctrl-C in the middle of an epoch."""


class Interrupting(Functions):
    """The reference, whose loop is interrupted at a step."""

    def __init__(self, at_step):
        super().__init__(load_manifest(), SOLUTIONS)
        self.at_step = at_step

    def __call__(self, name, function):
        found = super().__call__(name, function)
        if name != "train_loop":
            return found

        def train(*arguments, after_step, **keywords):
            def interrupting(step, loss):
                if step == self.at_step:
                    raise Interrupted
                after_step(step, loss)

            return found(*arguments, after_step=interrupting, **keywords)

        return train


def train(folder, functions=None, profile=PROFILE, fresh=False):
    functions = functions or Functions(load_manifest(), SOLUTIONS)
    run_training(functions, profile, DATASET, folder, seed=0, fresh=fresh)


def weights(folder):
    (path,) = (folder / "pipeline" / "unet").glob("*.safetensors")
    return safetensors.torch.load_file(path)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "smoke"
    train(folder)
    return folder


def test_a_run_leaves_the_curve_the_sheets_and_the_pipeline(finished):
    assert Image.open(finished / "loss.png").size == (840, 480)
    for name in ("samples-001.png", "samples-002.png", "samples.png"):
        assert Image.open(finished / name).size == (4 * 16 * 3, 4 * 16 * 3)
    assert (finished / "pipeline" / "model_index.json").is_file()
    assert not list(finished.glob(".*"))


def test_every_step_has_a_loss(finished):
    rows = list(csv.DictReader((finished / "losses.csv").open()))
    assert [int(row["step"]) for row in rows] == [0, 1, 2, 3]
    assert all(0 < float(row["loss"]) < 10 for row in rows)


@pytest.mark.parametrize("at_step", [1, 3])
def test_an_interrupted_run_goes_on_to_the_same_result(finished, tmp_path, at_step):
    folder = tmp_path / "smoke"
    with pytest.raises(Interrupted):
        train(folder, Interrupting(at_step))
    train(folder)
    assert (folder / "losses.csv").read_text() == (finished / "losses.csv").read_text()
    assert Image.open(folder / "samples.png") == Image.open(finished / "samples.png")
    for name, tensor in weights(finished).items():
        assert torch.equal(tensor, weights(folder)[name]), name


def test_a_finished_run_can_be_called_again(finished):
    before = weights(finished)
    train(finished)
    assert all(torch.equal(tensor, before[name]) for name, tensor in weights(finished).items())


@pytest.fixture
def learner(tmp_path):
    """The katas that the capstone needs, as a learner who has written all but one has them."""
    manifest = load_manifest()
    for name in NEEDED:
        kata = manifest.find(name)
        path = tmp_path / EXERCISES / kata.lesson / f"{kata.name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(kata.file(SOLUTIONS).read_text())
    (tmp_path / "katas.toml").write_text((ROOT / "katas.toml").read_text())
    return Functions(load_manifest(tmp_path), EXERCISES)


def spoil(learner, name, text=None):
    kata = learner.manifest.find(name)
    path = kata.file(EXERCISES)
    path.write_text(make_stub(path.read_text(), kata.functions) if text is None else text)


def test_a_kata_that_is_not_started_is_named_before_anything_is_made(learner, tmp_path):
    spoil(learner, "unet")
    with pytest.raises(Unfinished, match=r"02_training/unet: not started \(build_unet"):
        train(tmp_path / "run", learner)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("text", "words"), [("def train(:", "SyntaxError"), ("loss = 1\n", "no function `train`")]
)
def test_a_kata_that_does_not_run_is_named(learner, tmp_path, text, words):
    spoil(learner, "train_loop", text)
    with pytest.raises(Unfinished, match=f"02_training/train_loop.*{words}"):
        train(tmp_path / "run", learner)
