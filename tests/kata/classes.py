"""Classes of results for the tests of reports: an ordinary one, an empty one, a hostile one."""

from kata.grading.model import (
    Conditions,
    Grades,
    KataResult,
    SubmissionResult,
    TestResult,
    worst,
)
from kata.verdict import INFRASTRUCTURE, NOT_STARTED, PASSED, REFUSED, WRONG

SEEDS = ("48213794016237", "90817236451288")
CONDITIONS = Conditions(SEEDS, "confined", ("Landlock", "seccomp"), {"python": "3.12.1"})
SCREEN = """02_training/add_noise: Every picture gets its own noise.
  called      corrupt(DDPMScheduler, tensor of shape (8, 3, 16, 16))
  seen        one noise for the whole batch
  expected    a noise for each picture
  mistake     The noise has the shape of one picture, so that all
              pictures share it.
  where       exercises/02_training/add_noise.py:12
  next        kata hint add_noise
              pytest exercises/02_training/add_noise.py"""
EVIL = (
    '</pre><script>alert(1)</script><img src=x onerror="alert(2)">{{ 7 * 7 }}]]>&amp;\n'
    "::error::stolen\n  ::set-output name=result::all\n##[add-path]/tmp\n"
    "\x1b[2J\x1b]0;title\x07\x00\x08\ud800\ufffe\u202egpj.exe\r\n=1+1"
)


def graded(verdict=PASSED, points=2, feedback="", name="test_noise", sentence="It is noise."):
    earned = points if verdict == PASSED else 0
    return TestResult(name, sentence, earned, points, verdict, feedback)


def kata_result(*tests, kata="02_training/add_noise", title="Corrupt", **fields):
    points, most = sum(t.points for t in tests), sum(t.most for t in tests)
    verdict = worst(t.verdict for t in tests)
    fields = {"key": "k" * 64, "file": "f" * 64, "seconds": 1.25, **fields}
    values = {"verdict": verdict, "points": points, "most": most, "tests": tests, **fields}
    return KataResult(kata=kata, title=title, conditions=CONDITIONS, **values)


def submission(*katas, name="anna", troubles=()):
    return SubmissionResult(name, f"/class/{name}", katas, troubles)


def without_file(verdict=NOT_STARTED, note="the file is missing", most=5, kata="01_data/transform"):
    return KataResult(kata, "Transform", verdict, 0, most, note=note)


def ordinary():
    mixed = kata_result(
        graded(name="test_a", sentence="It is a tensor."),
        graded(WRONG, 3, SCREEN, "test_b[case]", "Every picture gets its own noise."),
    )
    passed = kata_result(graded(), kata="02_training/timesteps", title="Draw timesteps")
    return Grades((submission(mixed, passed, without_file()), submission(passed, name="Zoë 李")))


def empty():
    return Grades(())


def hostile():
    tests = [
        graded(WRONG, 3, EVIL, f"test_{EVIL}", EVIL),
        graded(REFUSED, 1, "x" * 300_000, "test_long", "A long one."),
        graded(feedback="no matter", name="test_passed"),
    ]
    katas = [
        kata_result(*tests, title=EVIL),
        without_file(REFUSED, EVIL),
        without_file(INFRASTRUCTURE, "the judge ended by signal 9", kata="03_sampling/denoise"),
    ]
    names = ["=cmd|'/C calc'!A0", EVIL, "../../etc/passwd", "ANNA", "anna", "", "." * 300]
    return Grades(tuple(submission(*katas, name=name, troubles=(EVIL, "-2+3")) for name in names))


CLASSES = {"ordinary": ordinary, "empty": empty, "hostile": hostile}
