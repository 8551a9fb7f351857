"""Progress is what was judged, for as long as file and suite are what they were then."""

import json
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import execnet
import pytest
from filelock import FileLock

from kata import progress as progress_module
from kata.files import content_hash, keep_aside, write_whole
from kata.manifest import EXERCISES, load_manifest
from kata.progress import (
    DONE,
    NOT_STARTED,
    VERIFY,
    WRONG,
    Record,
    Score,
    load_progress,
    progress_file,
    remember,
)
from kata.recording import Recorder
from kata.verdict import INFRASTRUCTURE, PASSED

WRITTEN = "def f(x):\n    return x + 1\n"
POINTS = {"test_a": 2, "test_b": 1}
EXERCISE = "exercises/02_training/add_noise.py"


@pytest.fixture
def kata(small):
    """A kata in which the learner wrote."""
    kata = small.find("first")
    kata.file(EXERCISES).write_text(WRITTEN)
    return kata


def judge(kata, **verdicts):
    """Remember verdicts on the files as they are now."""
    file, suite = content_hash(kata.file(EXERCISES)), content_hash(kata.suite)
    remember(kata.root, [(kata.id, Record(file, suite, POINTS, verdicts))])


def state(small, kata):
    return load_progress(small).state(kata)


# The state of a kata


def test_a_stub_is_not_started_whatever_was_judged(small):
    kata = small.find("first")
    assert state(small, kata) == NOT_STARTED
    judge(kata, test_a=NOT_STARTED)
    assert state(small, kata) == NOT_STARTED


def test_a_file_that_is_missing_is_not_started(small, kata):
    kata.file(EXERCISES).unlink()
    assert state(small, kata) == NOT_STARTED


@pytest.mark.parametrize("text", [WRITTEN, "\ufeff" + WRITTEN, "def f(:\n", "", "x = 1\0\n"])
def test_what_was_written_and_never_judged_is_to_be_verified(small, kata, text):
    kata.file(EXERCISES).write_text(text, encoding="utf-8")
    assert state(small, kata) == VERIFY


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ({"test_a": PASSED, "test_b": PASSED}, DONE),
        ({"test_a": PASSED, "test_b": WRONG}, WRONG),
        ({"test_a": PASSED, "test_b": NOT_STARTED}, WRONG),
        ({"test_a": WRONG}, WRONG),
        ({"test_a": PASSED}, VERIFY),
        ({"test_a": PASSED, "test_gone": PASSED}, VERIFY),
        ({}, VERIFY),
    ],
    ids=str,
)
def test_a_kata_is_done_when_every_test_was_seen_to_pass(small, kata, verdicts, expected):
    judge(kata, **verdicts)
    assert state(small, kata) == expected
    assert load_progress(small).is_done(kata) == (expected == DONE)


@pytest.mark.parametrize("change", ["file", "suite"])
def test_what_changed_since_is_to_be_verified_until_it_is_as_it_was(small, kata, change):
    judge(kata, test_a=PASSED, test_b=PASSED)
    path = kata.suite if change == "suite" else kata.file(EXERCISES)
    earlier = path.read_text()
    path.write_text(earlier + "# changed\n")
    assert state(small, kata) == VERIFY
    path.write_text(earlier)
    assert state(small, kata) == DONE


def test_the_first_kata_that_is_not_done_is_next(small, kata):
    assert load_progress(small).next_kata() == kata
    judge(kata, test_a=PASSED, test_b=PASSED)
    assert load_progress(small).next_kata().name == "second"


def test_when_all_are_done_none_is_next(small):
    for kata in small.katas:
        kata.file(EXERCISES).write_text(WRITTEN)
        judge(kata, test_a=PASSED, test_b=PASSED)
    assert load_progress(small).next_kata() is None


def test_points_are_earned_by_tests_that_passed(small, kata):
    assert load_progress(small).score(kata) is None
    judge(kata, test_a=PASSED, test_b=WRONG)
    assert load_progress(small).score(kata) == Score(passed=1, tests=2, points=2, most=3)


def test_of_what_changed_only_the_size_of_its_suite_is_known(small, kata):
    judge(kata, test_a=PASSED, test_b=PASSED)
    kata.file(EXERCISES).write_text(WRITTEN * 2)
    assert load_progress(small).score(kata) == Score(None, 2, None, 3)


# Runs add up


def test_verdicts_on_the_same_files_add_up_and_the_later_one_counts(small, kata):
    judge(kata, test_a=WRONG)
    judge(kata, test_b=PASSED)
    judge(kata, test_a=PASSED)
    assert state(small, kata) == DONE


def test_verdicts_on_other_files_do_not_add_up(small, kata):
    judge(kata, test_a=PASSED)
    kata.file(EXERCISES).write_text(WRITTEN * 2)
    judge(kata, test_b=PASSED)
    assert state(small, kata) == VERIFY


def test_two_runs_that_end_at_once_wait_for_each_other(small, kata, monkeypatch):
    monkeypatch.setattr(progress_module, "PATIENCE", 0)
    judge(kata, test_a=PASSED)
    with FileLock(progress_file(small.root).with_suffix(".lock")), pytest.raises(TimeoutError):
        judge(kata, test_b=PASSED)


# The file


def test_katas_that_are_gone_and_keys_that_are_unknown_stay(small, kata):
    judge(kata, test_a=PASSED)
    path = progress_file(small.root)
    table = json.loads(path.read_text())
    table["theme"] = "dark"
    table["katas"]["00_gone/old"] = "anything"
    table["katas"][kata.id]["note"] = "mine"
    path.write_text(json.dumps(table))
    judge(kata, test_b=PASSED)
    after = json.loads(path.read_text())
    assert (after["theme"], after["katas"]["00_gone/old"]) == ("dark", "anything")
    assert after["katas"][kata.id]["note"] == "mine"
    assert state(small, kata) == DONE


@pytest.mark.parametrize(
    "content",
    [b"", b"{half", b"[]", b"null", b"\xff\xfe\x00", b'{"version": 2, "katas": {}}', b"[" * 99999],
    ids=["empty", "half", "list", "null", "no text", "later version", "deep"],
)
def test_a_file_that_cannot_be_read_counts_as_none_and_is_kept_aside(small, kata, content):
    path = progress_file(small.root)
    path.parent.mkdir()
    path.write_bytes(content)
    assert state(small, kata) == VERIFY
    judge(kata, test_a=PASSED, test_b=PASSED)
    assert state(small, kata) == DONE
    (kept,) = (path.parent / "kept").iterdir()
    assert kept.read_bytes() == content


@pytest.mark.parametrize(
    "damage",
    [
        {"file": 3},
        {"suite": None},
        {"points": {"test_a": "2"}},
        {"points": [1]},
        {"verdicts": {"test_a": 1}},
        {"verdicts": None},
    ],
    ids=str,
)
def test_a_damaged_entry_counts_as_never_judged(small, kata, damage):
    judge(kata, test_a=PASSED, test_b=PASSED)
    path = progress_file(small.root)
    table = json.loads(path.read_text())
    table["katas"][kata.id].update(damage)
    path.write_text(json.dumps(table))
    assert load_progress(small).score(kata) is None
    judge(kata, test_a=PASSED, test_b=PASSED)
    assert state(small, kata) == DONE


def test_a_write_that_fails_leaves_the_file_as_it_was(small, kata, monkeypatch):
    judge(kata, test_a=PASSED)
    before = progress_file(small.root).read_text()
    monkeypatch.setattr("os.replace", lambda *paths: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(OSError, match="full"):
        judge(kata, test_b=PASSED)
    assert progress_file(small.root).read_text() == before
    assert {path.name for path in (small.root / ".kata").iterdir()} == {
        "progress.json",
        "progress.lock",
    }


def test_what_is_kept_aside_never_replaces_what_was_kept_before(tmp_path):
    path = tmp_path / "mine.py"
    kept = []
    for text in ("one", "two", "three"):
        write_whole(path, text)
        kept.append(keep_aside(path, tmp_path))
    assert [copy.read_text() for copy in kept] == ["one", "two", "three"]


# What a run records


@pytest.fixture
def known(house):
    """What is known about the kata of the house."""

    def known():
        progress = load_progress(load_manifest(house.root))
        kata = progress.manifest.find("add_noise")
        return progress.state(kata), progress.score(kata)

    return known


def test_a_stub_tells_how_much_its_suite_is_worth_and_junit_xml_tells_no_more(house, known):
    path = house.root / "report.xml"
    house.pytest("exercises", f"--junitxml={path}")
    assert known() == (NOT_STARTED, Score(0, 5, 0, 6))
    names = {prop.get("name") for prop in ElementTree.parse(path).iter("property")}
    assert "verdict" in names
    assert "judged" not in names


def test_runs_of_parts_add_up(house, known):
    house.exercise.write_text(house.solution.read_text())
    house.pytest(f"{EXERCISE}::test_the_noise_is_standard_normal")
    assert known() == (VERIFY, Score(1, 5, 2, 6))
    house.pytest("exercises", "-k", "not standard_normal")
    assert known() == (DONE, Score(5, 5, 6, 6))


def test_lf_knows_the_tests_that_it_leaves_out(house, known):
    cache = ("-p", "cacheprovider", f"--override-ini=cache_dir={house.root / '.cache'}")
    house.pytest(*cache, "exercises")
    house.exercise.write_text(house.solution.read_text())
    house.pytest(*cache, "exercises", "--lf")
    assert known() == (VERIFY, Score(1, 5, 2, 6))


def test_the_reference_and_the_zoo_are_nobodys_progress(house):
    result = house.pytest("solutions", str(house.zoo), "-k", "timestep")
    assert "passed" in result.output
    assert not progress_file(house.root).exists()


def test_what_was_saved_while_it_was_judged_is_not_judged(house, known):
    draw = "    noise = torch.randn("
    save = '    open(__file__, "a").write("# saved\\n")\n'
    house.exercise.write_text(house.solution.read_text().replace(draw, save + draw, 1))
    house.pytest(f"{EXERCISE}::test_the_noise_is_standard_normal")
    assert known() == (VERIFY, None)


def test_a_run_that_is_interrupted_keeps_what_was_judged(house, known):
    ladder = "    last = scheduler.config.num_train_timesteps - 1\n"
    text = house.solution.read_text().replace(ladder, "    raise KeyboardInterrupt\n")
    house.exercise.write_text(text)
    assert house.pytest("exercises").status == 2
    assert known() == (VERIFY, Score(3, 5, 4, 6))


def test_a_folder_that_cannot_be_written_is_said_and_the_run_goes_on(house):
    (house.root / ".kata").write_text("a file where the folder should be")
    result = house.pytest("exercises")
    assert "Progress cannot be kept" in result.output
    assert "1 not started" in result.output


def test_what_was_judged_travels_between_processes(request, small, kata):
    judged = ("test_a", content_hash(kata.file(EXERCISES)), content_hash(kata.suite), POINTS)
    report = pytest.TestReport("x::test_a", ("x", 1, "x"), {}, "passed", None, "call")
    report.user_properties = [("kata", kata.id), ("verdict", PASSED), ("judged", judged)]
    hook = request.config.hook
    data = hook.pytest_report_to_serializable(config=request.config, report=report)
    data = execnet.loads(execnet.dumps(data))
    recorder = Recorder(request.config)
    recorder.pytest_runtest_logreport(
        hook.pytest_report_from_serializable(config=request.config, data=data)
    )
    remember(small.root, recorder.judged)
    assert load_progress(small).score(kata) == Score(1, 2, 2, 3)


def test_trouble_that_is_not_the_learners_is_no_verdict(request, kata):
    judged = ("test_a", "file", "suite", POINTS)
    report = pytest.TestReport("x::test_a", ("x", 1, "x"), {}, "failed", None, "call")
    report.user_properties = [("kata", kata.id), ("verdict", INFRASTRUCTURE), ("judged", judged)]
    recorder = Recorder(request.config)
    recorder.pytest_runtest_logreport(report)
    assert recorder.judged == []


def test_a_renamed_kata_does_not_disturb_the_others(small, kata):
    judge(replace(kata, name="old"), test_a=PASSED)
    judge(kata, test_a=PASSED, test_b=PASSED)
    assert state(small, kata) == DONE
