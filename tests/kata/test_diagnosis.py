"""A wrong answer is named by the mistake that gives its very results, and by nothing else."""

import inspect
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from diffusers import DDPMScheduler

from kata import diagnosis
from kata.diagnosis import diagnose, explains, suspects
from kata.exercise import Exercise
from kata.manifest import load_manifest
from kata.worker import Worker
from kata.zoo import mistake

PICTURES = torch.rand(4, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1
TIMESTEPS = torch.tensor([5, 200, 700, 999])
NORMAL = "test_the_noise_is_standard_normal"


@pytest.fixture
def kata():
    return load_manifest().find("add_noise")


def after(kata, function, call=None, folder=None):
    """The exercise whose `corrupt` is the learner's `function`, when it has been called."""
    worker = Worker(lambda: SimpleNamespace(corrupt=function))
    exercise = Exercise(kata, worker, seed=3, folder=folder)
    call = call or (lambda e: e.corrupt(DDPMScheduler(), PICTURES.clone(), TIMESTEPS))
    try:
        call(exercise)
    except Exception:
        assert exercise.pending
    return exercise


def with_mistakes(monkeypatch, *functions, rejected_by=NORMAL):
    """The zoo of these functions alone."""
    mark = mistake("corrupt", rejected_by=rejected_by, says="it")
    zoo = [mark(function).__zoo_entry__ for function in functions]
    monkeypatch.setattr(diagnosis, "_mistakes", lambda kata: zoo)
    return zoo


def uniform(scheduler, images, timesteps, generator=None):
    """Uniform noise."""
    noise = torch.rand(images.shape, generator=generator)
    return scheduler.add_noise(images, noise, timesteps), noise


def no_noise(scheduler, images, timesteps, generator=None):
    """No noise."""
    return images.clone(), torch.zeros_like(images)


def test_the_mistake_of_the_zoo_that_gives_the_very_results_is_named(kata):
    def written_otherwise(sched, x, t, g=None):
        eps = torch.empty_like(x).uniform_(generator=g)
        rate = sched.alphas_cumprod[t][:, None, None, None]
        return rate**0.5 * x + (1 - rate) ** 0.5 * eps, eps

    assert diagnose(after(kata, written_otherwise), NORMAL).name == "uniform_noise"


def test_a_wrong_answer_of_another_kind_is_not_named(kata):
    def noise_of_its_own(scheduler, images, timesteps, generator=None):
        noise = torch.randn(images.shape) ** 3
        return scheduler.add_noise(images, noise, timesteps), noise

    assert diagnose(after(kata, noise_of_its_own), NORMAL) is None


def test_the_right_answer_is_not_named(kata):
    def right(scheduler, images, timesteps, generator=None):
        noise = torch.randn(images.shape, generator=generator)
        return scheduler.add_noise(images, noise, timesteps), noise

    assert diagnose(after(kata, right), NORMAL) is None


def test_a_mistake_must_explain_every_call(kata, monkeypatch):
    def uniform_at_first(scheduler, images, timesteps, generator=None):
        chosen = uniform if timesteps[0] == 5 else no_noise
        return chosen(scheduler, images, timesteps, generator)

    def twice(exercise):
        exercise.corrupt(DDPMScheduler(), PICTURES, TIMESTEPS)
        exercise.corrupt(DDPMScheduler(), PICTURES, TIMESTEPS.flip(0))

    with_mistakes(monkeypatch, uniform)
    assert diagnose(after(kata, uniform_at_first, twice), NORMAL) is None
    assert diagnose(after(kata, uniform, twice), NORMAL).name == "uniform"


def test_the_same_error_is_the_same_mistake(kata, monkeypatch):
    def raises(scheduler, images, timesteps, generator=None):
        """It raises."""
        return images.no_such_thing

    def raises_otherwise(scheduler, images, timesteps, generator=None):
        """It raises otherwise."""
        return images.nor_such_thing

    with_mistakes(monkeypatch, raises_otherwise, raises)
    assert diagnose(after(kata, raises), NORMAL).name == "raises"


def test_what_a_call_does_to_its_arguments_is_part_of_its_results(kata, monkeypatch):
    def in_place(scheduler, images, timesteps, generator=None):
        """In place."""
        images.zero_()
        return images.clone(), images.clone()

    def zeros(scheduler, images, timesteps, generator=None):
        return torch.zeros_like(images), torch.zeros_like(images)

    with_mistakes(monkeypatch, in_place)
    assert diagnose(after(kata, in_place), NORMAL).name == "in_place"
    assert diagnose(after(kata, zeros), NORMAL) is None


def test_of_several_that_fit_the_one_against_this_test_is_named(kata, monkeypatch):
    (general,) = with_mistakes(monkeypatch, no_noise, rejected_by="test_another")
    (special,) = with_mistakes(monkeypatch, lambda *a: no_noise(*a))
    special.function.__doc__ = "Nothing is added."
    monkeypatch.setattr(diagnosis, "_mistakes", lambda kata: [general, special])
    assert diagnose(after(kata, no_noise), NORMAL) is special
    assert diagnose(after(kata, no_noise), "test_another") is general


def test_of_several_that_fit_equally_none_is_named_unless_they_say_the_same(kata, monkeypatch):
    def nothing(*arguments):
        """Nothing is added."""
        return no_noise(*arguments)

    with_mistakes(monkeypatch, no_noise, nothing)
    assert diagnose(after(kata, no_noise), NORMAL) is None
    nothing.__doc__ = no_noise.__doc__
    assert diagnose(after(kata, no_noise), NORMAL).name == "no_noise"


def saves(content):
    def save(scheduler, path, timesteps, generator=None):
        """It saves."""
        Path(path).write_text(content)

    return save


def test_files_that_a_call_writes_are_part_of_its_results(kata, monkeypatch, tmp_path):
    def call(exercise):
        exercise.corrupt(None, str(tmp_path / "saved"), None)

    with_mistakes(monkeypatch, saves("this"))
    assert diagnose(after(kata, saves("this"), call, tmp_path), NORMAL).name == "save"
    assert diagnose(after(kata, saves("that"), call, tmp_path), NORMAL) is None


def test_each_mistake_finds_the_files_that_the_learners_code_found(kata, monkeypatch, tmp_path):
    def appends(scheduler, path, timesteps, generator=None):
        """It appends."""
        with open(path, "a") as file:
            file.write("more")
        return Path(path).read_text()

    (tmp_path / "saved").write_text("what was there ")
    call = lambda e: e.corrupt(None, str(tmp_path / "saved"), None)  # noqa: E731
    exercise = after(kata, appends, call, tmp_path)
    (entry,) = with_mistakes(monkeypatch, appends)
    assert explains(entry, exercise)
    assert explains(entry, exercise)


def test_a_checkpoint_may_have_names_of_its_own(kata, monkeypatch, tmp_path):
    def saving(**table):
        def save(scheduler, path, timesteps, generator=None):
            """It saves."""
            torch.save(table, path)

        return save

    call = lambda e: e.corrupt(None, str(tmp_path / "saved"), None)  # noqa: E731
    with_mistakes(monkeypatch, saving(weights=1))
    assert diagnose(after(kata, saving(model=1), call, tmp_path), NORMAL).name == "save"
    assert diagnose(after(kata, saves("a text"), call, tmp_path), NORMAL) is None


def test_only_mistakes_in_functions_that_were_called_are_tried(kata):
    tried = {entry.replaces for entry in suspects(after(kata, no_noise))}
    assert tried == {"corrupt"}


def test_where_the_zoo_is_missing_nothing_is_named(kata, tmp_path):
    elsewhere = replace(kata, root=tmp_path)
    assert diagnose(after(elsewhere, uniform), NORMAL) is None


def test_a_function_that_is_missing_is_no_mistake_of_the_zoo(kata):
    exercise = after(kata, None)
    assert suspects(exercise) == []


def test_a_replay_prints_nothing(kata, monkeypatch, capsys):
    def prints(*arguments):
        """It prints."""
        print("noise")
        return no_noise(*arguments)

    (entry,) = with_mistakes(monkeypatch, prints)
    exercise = after(kata, no_noise)
    assert explains(entry, exercise)
    assert capsys.readouterr().out == ""


def test_replays_that_take_long_are_given_up(kata, monkeypatch):
    with_mistakes(monkeypatch, uniform)
    exercise = after(kata, uniform)
    moments = iter([0.0, diagnosis.LONGEST + 1])
    monkeypatch.setattr(diagnosis, "time", SimpleNamespace(monotonic=lambda: next(moments)))
    assert diagnose(exercise, NORMAL) is None
    monkeypatch.setattr(diagnosis, "time", time)
    assert diagnose(exercise, NORMAL) is not None


def test_a_learner_reads_the_mistake_and_reads_it_in_full_once(house):
    lines = inspect.getsource(uniform).replace("def uniform", "def corrupt").splitlines()
    ladder = house.solution.read_text().split("def noise_ladder")[1]
    house.exercise.write_text("\n".join(["import torch", *lines, "def noise_ladder" + ladder]))
    uniform_told = "mistake     Uniform noise."
    assert uniform_told in house.pytest(str(house.exercise)).output
    told = house.pytest(str(house.exercise), "--brief", "-q").output
    assert told.count("  seen  ") == 1
    assert uniform_told in told
