"""A kata's file is judged by its suite in two runs, whatever the code in it does."""

import pytest

from kata.grading.judge import GraderError, Job, judge
from kata.manifest import load_manifest
from kata.sandbox.levels import reached
from kata.verdict import NOT_STARTED, PASSED, REFUSED, WRONG

SEEDS = ("8264719350172", "5501938264719")
KATA = load_manifest().find("timesteps")
SOLUTION = KATA.file("solutions").read_text(encoding="utf-8")


@pytest.fixture
def judged(tmp_path):
    """judged(text) is the result of a file that says that."""
    level = reached()
    if level == "none":
        pytest.skip("no sandbox on this machine")

    def judge_text(text, kata=KATA, seeds=SEEDS, **limits):
        source = tmp_path / "source.py"
        source.write_bytes(text.encode() if isinstance(text, str) else text)
        return judge(Job(kata.id, str(source), "key", seeds, level, limits))

    return judge_text


def verdicts(result):
    return {test.verdict for test in result.tests}


def test_the_reference_earns_every_point(judged):
    result = judged(SOLUTION)
    assert result.verdict == PASSED
    assert result.points == result.most == sum(test.most for test in result.tests) > 0
    assert result.conditions.seeds == SEEDS
    assert result.conditions.environment["torch"]
    assert result.seconds > 0


def test_a_wrong_answer_reads_its_screen_and_its_mistake(judged):
    """The very screen of practice, with the line of the learner's file."""
    wrong = SOLUTION.replace("num_train_timesteps", "num_train_timesteps - 1")
    result = judged(wrong)
    assert result.verdict == WRONG
    failed = next(test for test in result.tests if test.verdict == WRONG)
    assert f"{KATA.id}: {failed.sentence}" in failed.feedback
    assert f"exercises/{KATA.id}.py:" in failed.feedback
    assert not any(seed in test.feedback for test in result.tests for seed in SEEDS)


def test_a_stub_is_not_started(judged):
    result = judged(KATA.file("exercises").read_text(encoding="utf-8"))
    assert verdicts(result) == {NOT_STARTED}
    assert result.points == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("def broken(:", "SyntaxError"),
        (b"\xff\xfe\x00", "not UTF-8"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_a_file_that_cannot_run_is_wrong_as_a_whole(judged, text, says):
    result = judged(text)
    assert verdicts(result) == {WRONG}
    assert says in result.note


def test_what_is_right_with_the_first_inputs_alone_earns_nothing(judged):
    """The second run asks in another order: what the first call says of it gives itself away."""
    cheat = f"""{SOLUTION}
import builtins, functools
def in_order(name, right):
    @functools.wraps(right)
    def wrapped(*arguments, **keywords):
        vars(builtins).setdefault("first", name)
        result = right(*arguments, **keywords)
        return result if builtins.first == "{KATA.functions[0]}" else None
    return wrapped
for name in {KATA.functions}:
    globals()[name] = in_order(name, globals()[name])
"""
    result = judged(cheat)
    assert result.verdict == WRONG
    assert any("keep anything between its calls" in test.feedback for test in result.tests)


def test_whoever_ends_the_process_is_refused_and_the_others_are_tried(judged):
    """Every test gets a new process, and is refused for itself."""
    cheat = f"{SOLUTION}\ndef {KATA.functions[0]}(*_, **__):\n    import os\n    os._exit(0)\n"
    result = judged(cheat)
    assert REFUSED in verdicts(result) and PASSED in verdicts(result)
    refused = next(test for test in result.tests if test.verdict == REFUSED)
    assert "exit status 0" in refused.feedback
    assert refused.points == 0


def test_a_loop_without_an_end_ends_the_kata(judged):
    result = judged(
        f"{SOLUTION}\ndef {KATA.functions[0]}(*_, **__):\n    while True:\n        pass\n", cpu=1
    )
    assert REFUSED in verdicts(result)
    assert "CPU time" in result.note
    assert any("Not tried" in test.feedback for test in result.tests)


def test_who_sleeps_is_found_out(judged):
    text = f"{SOLUTION}\ndef {KATA.functions[0]}(*_, **__):\n    import time\n    time.sleep(600)\n"
    assert "did nothing" in judged(text, idle=1).note


def test_the_same_seeds_give_the_same_verdicts(judged):
    wrong = SOLUTION.replace("num_train_timesteps", "num_train_timesteps - 1")
    one, other = (judged(wrong) for _ in range(2))
    assert [(test.name, test.verdict) for test in one.tests] == [
        (test.name, test.verdict) for test in other.tests
    ]


def test_trouble_of_the_grader_is_no_verdict(judged):
    with pytest.raises(GraderError):
        judge(Job(KATA.id, "/nowhere", "key", SEEDS, reached()))
