"""`kata grade`: a path, or plan, run and merge; interrupted and said again."""

import errno
import json
import os

import pytest
from typer.testing import CliRunner

from kata import grade as grading
from kata.__main__ import app
from kata.errors import KataError
from kata.grading import trees
from kata.grading.model import Conditions, Grades, KataResult, TestResult, kata_to_json
from kata.grading.store import Store
from kata.verdict import INFRASTRUCTURE, NOT_STARTED, PASSED, REFUSED, WRONG

PNG = b"\x89PNG\r\n\x1a\n"
LEVELS = ("limits", "confined", "isolated")


class Judge:
    """Passes whoever returns one more, and hears what it was asked."""

    def __init__(self):
        self.jobs = []
        self.trouble = {}

    def __call__(self, job):
        self.jobs.append(job)
        if trouble := self.trouble.get(job.kata):
            raise trouble
        with open(job.source) as file:
            content = file.read()
        if job.picture:
            os.makedirs(os.path.dirname(job.picture), exist_ok=True)
            with open(job.picture, "wb") as file:
                file.write(PNG)
        verdict = PASSED if "x + 1" in content else NOT_STARTED if "TODO" in content else WRONG
        points, feedback = (3, "") if verdict == PASSED else (0, f"{job.kata}: it is {verdict}")
        tests = (TestResult("test_f", "It adds one", points, 3, verdict, feedback),)
        conditions = Conditions(job.seeds, job.isolation)
        file = os.path.basename(job.source).removesuffix(".py")
        return KataResult(
            job.kata, job.kata, verdict, points, 3, tests, "", file, job.key, conditions=conditions
        )


@pytest.fixture
def judge(monkeypatch):
    judge = Judge()
    monkeypatch.setattr(grading, "judge", judge)
    return judge


@pytest.fixture(autouse=True)
def here(small, tmp_path, judge, monkeypatch):
    """Three small katas, a class of three, and a machine that confines."""

    def require(level):
        if LEVELS.index(level) > 1:
            raise KataError("This machine reaches `confined` only.")
        return "confined"

    monkeypatch.setattr(grading.signal, "signal", lambda *handler: None)
    monkeypatch.setattr(grading, "load_manifest", lambda: small)
    monkeypatch.setattr(grading, "require", require)
    monkeypatch.setattr(grading, "reached", lambda: "confined")
    here = tmp_path / "here"
    for name, katas in {"ann": ("first", "second", "third"), "bob": ("first",), "cho": ()}.items():
        for kata in katas:
            path = here / "class" / name / "exercises" / f"{small.find(kata).id}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("def f(x):\n    return x + 1\n")
        (here / "class" / name).mkdir(exist_ok=True)
    monkeypatch.chdir(here)
    return here


def kata(*arguments):
    """What the command says, and its exit status."""
    result = CliRunner().invoke(app, ["grade", *arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def grades(out="grades"):
    with open(f"{out}/grades.json") as file:
        return Grades.from_json(file.read())


def points(out="grades"):
    return {one.name: one.points for one in grades(out).submissions}


def test_a_class_is_graded_and_reported(here):
    result = kata("class")
    assert result.exit_code == 0, result.output
    assert points() == {"ann": 9, "bob": 3, "cho": 0}
    assert {one.most for one in grades().submissions} == {9}
    assert "3 submissions" in result.output
    assert (here / "grades/grades.csv").is_file()


def test_a_single_submission_shows_its_first_failures(here):
    (here / "class/bob/exercises/01_data/first.py").write_text("def f(x):\n    return x\n")
    result = kata("class/bob")
    assert result.exit_code == 0, result.output
    assert "01_data/first: it is wrong" in result.output
    assert "the file is missing" in result.output
    assert "0 of 9 points" in result.output


def test_the_second_run_judges_nothing(judge):
    kata("class")
    count = len(judge.jobs)
    first = grades()
    assert kata("class").exit_code == 0
    assert len(judge.jobs) == count
    assert grades() == first


def test_a_class_that_grows_costs_what_is_new(here, judge):
    kata("class")
    judge.jobs.clear()
    (here / "class/cho/first.py").write_text("def f(x):\n    return 1 + x\n")
    kata("class")
    assert [job.kata for job in judge.jobs] == ["01_data/first"]


def test_alike_files_are_judged_once(judge):
    kata("class", "--only", "first")
    assert len(judge.jobs) == 2  # ann's, which is bob's, and what is not there


@pytest.mark.parametrize(
    ("only", "katas"),
    [
        (["third"], ["02_training/third"]),
        (["sec", "thi"], ["01_data/second", "02_training/third"]),
        (["01_data"], ["01_data/first", "01_data/second"]),
    ],
)
def test_only_these_katas_are_graded(only, katas):
    options = [word for name in only for word in ("--only", name)]
    assert kata("class", *options).exit_code == 0
    assert [result.kata for result in grades().submissions[0].katas] == katas


def test_what_could_not_be_judged_is_said_and_tried_again(judge):
    judge.trouble["01_data/second"] = RuntimeError("no memory is left")
    result = kata("class")
    assert result.exit_code == 1
    assert "no memory is left" in result.output
    judge.trouble.clear()
    judge.jobs.clear()
    assert kata("class").exit_code == 0
    assert {job.kata for job in judge.jobs} == {"01_data/second"}


def test_an_interrupt_ends_with_its_own_status_and_the_same_command_goes_on(judge):
    judge.trouble["02_training/third"] = KeyboardInterrupt()
    result = kata("class", "--jobs", "1")
    assert result.exit_code == 130
    assert "the same command goes on" in result.output
    judge.trouble.clear()
    assert kata("class", "--jobs", "1").exit_code == 0
    assert points()["ann"] == 9
    finished = [job.key for job in judge.jobs if job.kata != "02_training/third"]
    assert len(finished) == len(set(finished))


def test_shards_together_are_the_whole(here, judge):
    assert kata("plan", "class").exit_code == 0
    assert judge.jobs == []
    for number in (1, 2, 3):
        assert kata("run", "--shard", f"{number}/3").exit_code == 0
    assert len(judge.jobs) == len({job.key for job in judge.jobs})
    result = kata("merge")
    assert result.exit_code == 0, result.output
    assert points() == {"ann": 9, "bob": 3, "cho": 0}


def test_shards_of_several_machines_are_merged_into_the_first_folder(here, judge):
    import shutil

    kata("plan", "class", "--out", "plan")
    for number in ("1", "2"):
        shutil.copytree("plan", number)
        assert kata("run", "--shard", f"{number}/2", "--out", number).exit_code == 0
    assert kata("merge", "all", "1", "2").exit_code == 0
    assert points("all") == {"ann": 9, "bob": 3, "cho": 0}
    before = (here / "all/grades.json").read_text()
    assert kata("merge", "all", "1", "2").exit_code == 0
    assert (here / "all/grades.json").read_text() == before


def test_pictures_reach_the_pages_from_every_shard(here):
    kata("plan", "class", "--out", "1")
    kata("run", "--out", "1")
    kata("merge", "all", "1")
    for out in ("1", "all"):
        assert len(list((here / out / "pictures").iterdir())) == 3
    assert "data:image/png" in (here / "all/html/learners/ann.html").read_text()


def test_pictures_need_not_be_drawn(here, judge):
    kata("class", "--no-pictures")
    assert {job.picture for job in judge.jobs} == {""}


def test_a_merge_without_a_shard_says_what_waits(here):
    kata("plan", "class")
    result = kata("merge")
    assert result.exit_code == 1
    assert "not judged yet" in result.output
    assert "judge it: kata grade run --shard I/N --out grades" in result.output
    assert "  ann" in result.output


def test_a_shard_names_the_learners_whose_files_wait(judge):
    judge.trouble["01_data/first"] = RuntimeError("no memory is left")
    kata("plan", "class")
    result = kata("run")
    assert result.exit_code == 1
    assert "ann, bob, nobody's empty file: 01_data/first: RuntimeError: no memory" in result.output


def test_the_folder_of_results_within_the_class_is_no_submission(here):
    for _ in range(2):
        result = kata("class", "--out", "class/grades")
        assert result.exit_code == 0, result.output
        assert set(points("class/grades")) == {"ann", "bob", "cho"}
    assert "Not taken for submissions: grades (results of kata grade)" in result.output


def test_what_is_taken_for_no_submission_is_named_on_the_terminal_and_on_the_page(here):
    for name in ("README.md", "list.csv"):
        (here / "class" / name).write_text("")
    line = "Not taken for submissions: list.csv, README.md"
    assert line in kata("class").output
    assert line in (here / "grades/html/index.html").read_text()


def test_a_document_is_a_submission_that_is_refused(here):
    (here / "class/ida.docx").write_text("")
    result = kata("class")
    assert result.exit_code == 0
    assert "ida: `ida.docx` is no form that is read" in result.output
    (ida,) = (one for one in grades().submissions if one.name == "ida")
    assert {result.verdict for result in ida.katas} == {REFUSED}


def test_what_the_grader_cannot_read_is_left_over(here, monkeypatch):
    def broken(path, *place):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(trees, "open_file", broken)
    result = kata("class", "--only", "first")
    assert result.exit_code == 1
    first = grades().submissions[0].katas[0]
    assert (first.verdict, first.most) == (INFRASTRUCTURE, 3)
    assert "Input/output error" in result.output


def test_reports_of_a_few_katas_and_of_an_earlier_run_are_named(here):
    kata("class")
    result = kata("class", "--only", "first", "--report", "csv")
    assert "These reports have 1 of 3 katas." in result.output
    assert "not written anew: grades/grades.json, grades/html" in result.output


def test_classroom_50_is_refused_outside_its_runner_before_anything_is_judged(judge, monkeypatch):
    monkeypatch.delenv("CLASSROOM", raising=False)
    result = kata("class", "--report", "classroom50")
    assert result.exit_code == 2
    assert "the environment lacks" in result.output
    assert judge.jobs == []


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="without a folder like /proc")
def test_a_folder_that_cannot_be_made_is_named():
    result = kata("class", "--out", "/proc/grades")
    assert result.exit_code == 2
    assert "/proc/grades" in result.output and "--out FOLDER" in result.output


@pytest.mark.parametrize("shard", ["0/2", "3/2", "1", "a/b", "1/0", "-1/2"])
def test_a_shard_that_is_none_is_refused(shard):
    kata("plan", "class")
    assert kata("run", "--shard", shard).exit_code == 2


def test_a_shard_without_its_sources_says_what_to_copy(here):
    import shutil

    kata("plan", "class")
    shutil.rmtree("grades/sources")
    result = kata("run", "--shard", "1/1")
    assert result.exit_code == 2
    assert "Copy the whole folder" in result.output


def test_a_folder_named_as_a_command_is_graded_by_its_path(here):
    os.rename("class", "plan")
    assert kata("./plan").exit_code == 0
    assert points() == {"ann": 9, "bob": 3, "cho": 0}


def test_a_path_is_needed(here):
    result = kata()
    assert result.exit_code == 2
    assert "PATH" in result.output


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        (["--min-isolation", "isolated"], 3, "reaches `confined` only"),
        (["--isolation", "isolated"], 3, "reaches `confined` only"),
        (["--isolation", "limits"], 3, "--min-isolation limits"),
        (["--min-isolation", "perfect"], 2, "limits, confined, isolated"),
        (["--report", "pdf"], 2, "no report `pdf`"),
        (["--only", "nothing"], 2, "no kata `nothing`"),
        (["--executor", "dask"], 2, "dask together with --scheduler"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_judged(judge, options, status, words):
    result = kata("class", *options)
    assert result.exit_code == status, result.output
    assert words in " ".join(result.output.split())
    assert judge.jobs == []


def test_a_lower_level_is_taken_where_it_is_meant(judge):
    assert kata("class", "--isolation", "limits", "--min-isolation", "limits").exit_code == 0
    assert {job.isolation for job in judge.jobs} == {"limits"}


def test_elsewhere_than_on_linux_only_practice_mode_is_there(monkeypatch, judge):
    monkeypatch.setattr("sys.platform", "darwin")
    result = kata("class")
    assert result.exit_code == 2
    assert "practice mode" in result.output


def test_a_path_that_is_not_there_is_said(here):
    result = kata("nobody")
    assert result.exit_code == 2
    assert "nobody" in result.output


def test_quiet_says_nothing(here):
    assert kata("class", "--quiet").output == ""


def test_a_replay_takes_the_recorded_seeds_and_says_that_all_is_the_same(judge):
    kata("class")
    seeds = {job.key: job.seeds for job in judge.jobs}
    judge.jobs.clear()
    result = kata("--replay", "grades/grades.json")
    assert result.exit_code == 0, result.output
    assert "Every verdict is the same, of 3 files" in result.output
    assert {job.key: job.seeds for job in judge.jobs}.items() <= seeds.items()


def test_a_replay_of_one_verdict_says_what_differs(here, judge):
    kata("class/ann", "--only", "first")
    (path,) = (here / "grades/verdicts").iterdir()
    result = Store("grades").get(path.stem)
    tests = (TestResult("test_f", "It adds one", 0, 3, WRONG, "no"),)
    forged = KataResult(**{**vars(result), "verdict": WRONG, "points": 0, "tests": tests})
    path.write_text(kata_to_json(forged))
    answer = kata("--replay", str(path))
    assert answer.exit_code == 1
    assert "test_f: wrong then, passed now" in answer.output


def test_a_replay_of_one_submission_and_kata(judge):
    kata("class")
    judge.jobs.clear()
    options = ("--submission", "ann", "--only", "third")
    assert kata("--replay", "grades/grades.json", *options).exit_code == 0
    assert [job.kata for job in judge.jobs] == ["02_training/third"]


@pytest.mark.parametrize(
    ("text", "words"),
    [("{}", "holds no result"), (json.dumps({"version": 1, "submissions": []}), "no result")],
)
def test_a_replay_of_something_else_is_refused(here, text, words):
    (here / "other.json").write_text(text)
    result = kata("--replay", "other.json")
    assert result.exit_code == 2
    assert words in result.output
