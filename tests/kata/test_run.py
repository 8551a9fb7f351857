"""A run on disk goes on where it was, and never over another."""

import json

import pytest

from kata.run import Run, RunError

SETTINGS = {"lr": 1e-3, "num_epochs": 2}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "runs" / "cpu"


def test_a_new_run_has_no_checkpoint_and_notes_its_settings(folder):
    assert Run(folder, SETTINGS).open(fresh=False) is False
    assert json.loads((folder / "settings.json").read_text()) == SETTINGS


def test_a_run_with_a_checkpoint_goes_on(folder):
    run = Run(folder, SETTINGS)
    run.open(fresh=False)
    run.checkpoint(0).write_bytes(b"state")
    assert Run(folder, SETTINGS).open(fresh=False) is True


def test_a_run_may_be_made_longer(folder):
    Run(folder, SETTINGS).open(fresh=False)
    Run(folder, {**SETTINGS, "num_epochs": 9}).open(fresh=False)


def test_other_settings_are_refused_by_name(folder):
    Run(folder, SETTINGS).open(fresh=False)
    with pytest.raises(RunError, match=r"another lr\.\n.*--out.*--fresh"):
        Run(folder, {**SETTINGS, "lr": 1.0}).open(fresh=False)


def test_fresh_keeps_the_earlier_run_aside(folder):
    run = Run(folder, SETTINGS)
    run.open(fresh=False)
    run.write_losses([0.5])
    assert Run(folder, {**SETTINGS, "lr": 1.0}).open(fresh=True) is False
    (aside,) = [path for path in folder.parent.iterdir() if path != folder]
    assert (aside / "losses.csv").is_file()


def test_damaged_settings_are_a_clear_error(folder):
    folder.mkdir(parents=True)
    (folder / "settings.json").write_text("{half")
    with pytest.raises(RunError, match="--fresh"):
        Run(folder, SETTINGS).open(fresh=False)


def test_losses_before_a_step_come_back(folder):
    run = Run(folder, SETTINGS)
    run.write_losses([0.5, 0.25, 0.125])
    assert run.losses(before=2) == [0.5, 0.25]


@pytest.mark.parametrize("text", ["", "step,loss\n0,0.5\n1", "nothing\n1\n"])
def test_damaged_losses_are_no_losses(folder, text):
    run = Run(folder, SETTINGS)
    folder.mkdir(parents=True)
    (folder / "losses.csv").write_text(text)
    assert run.losses(before=9) == []


def test_a_write_that_fails_leaves_the_earlier_file(folder):
    run = Run(folder, SETTINGS)
    run.write("loss.png", lambda path: path.write_bytes(b"whole"))

    def fill_the_disk(path):
        path.write_bytes(b"ha")
        raise OSError(28, "No space left on device")

    with pytest.raises(RunError, match="No space left on device"):
        run.write("loss.png", fill_the_disk)
    assert (folder / "loss.png").read_bytes() == b"whole"
