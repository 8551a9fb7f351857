"""From a path to a suite: what `pytest exercises/...` judges and how it ends."""

import xml.etree.ElementTree as ElementTree

import pytest

EXERCISE = "exercises/02_training/add_noise.py"
SOLUTION = "solutions/02_training/add_noise.py"
UNIFORM = "    noise = torch.rand(clean_images.shape, generator=generator)\n"


@pytest.fixture
def half_right(house):
    """A learner's file in which only the noise is wrong."""
    text = house.solution.read_text()
    start, end = text.index("    noise = torch.randn("), text.index("    noisy_images =")
    house.exercise.write_text(text[:start] + UNIFORM + text[end:])
    return house


@pytest.mark.parametrize("path", ["exercises", "exercises/02_training", EXERCISE])
def test_a_stub_is_one_result_not_started_and_the_board_says_what_is_next(house, path):
    result = house.pytest(path)
    assert result.status == 1
    assert "1 not started" in result.output
    assert "failed" not in result.output
    assert f"write  {EXERCISE}" in result.output
    assert "kata hint add_noise" in result.output


def test_the_reference_is_green(house):
    result = house.pytest("solutions")
    assert result.status == 0, result.output
    assert "passed" in result.output


def test_both_trees_in_one_run_are_kept_apart(half_right):
    result = half_right.pytest("exercises", "solutions", "-v")
    assert result.status == 1
    assert f"{EXERCISE}::test_the_noise_is_standard_normal FAILED" in result.output
    assert f"{SOLUTION}::test_the_noise_is_standard_normal PASSED" in result.output
    assert result.output.count("1 failed") == 1


def test_two_processes_give_the_same_verdicts(half_right):
    result = half_right.pytest("exercises", "solutions", "-n2")
    assert result.status == 1
    assert "1 failed" in result.output
    assert "4 of 5 tests pass" in result.output


def test_one_test_can_be_picked_by_node_id(half_right):
    wrong = half_right.pytest(f"{EXERCISE}::test_the_noise_is_standard_normal")
    right = half_right.pytest(f"{EXERCISE}::test_the_clean_pictures_stay_as_they_were")
    assert (wrong.status, right.status) == (1, 0)
    assert "1 failed" in wrong.output
    assert "1 passed" in right.output


def test_one_case_can_be_picked_by_its_parameter(house):
    result = house.pytest(f"{SOLUTION}::test_the_ladder_starts_with_the_clean_pictures[8]")
    assert result.status == 0, result.output
    assert "1 passed" in result.output


def test_k_and_x_work(half_right):
    picked = half_right.pytest("exercises", "-k", "standard_normal")
    stopped = half_right.pytest("exercises", "-x")
    assert "1 failed" in picked.output
    assert "4 deselected" in picked.output
    assert "1 failed" in stopped.output
    assert stopped.status == 1


def test_lf_runs_what_failed_last_time(half_right):
    cache = f"--override-ini=cache_dir={half_right.root / '.cache'}"
    half_right.pytest("-p", "cacheprovider", cache, "exercises")
    again = half_right.pytest("-p", "cacheprovider", cache, "exercises", "--lf", "-v")
    assert "test_the_noise_is_standard_normal FAILED" in again.output
    assert "PASSED" not in again.output


def test_junitxml_names_the_learners_file_and_carries_the_points(half_right):
    path = half_right.root / "report.xml"
    half_right.pytest("exercises", f"--junitxml={path}")
    cases = ElementTree.parse(path).getroot().findall(".//testcase")
    failed = [case for case in cases if case.find("failure") is not None]
    assert len(cases) == 5
    assert [case.get("name") for case in failed] == ["test_the_noise_is_standard_normal"]
    assert failed[0].get("classname") == "exercises.02_training.add_noise"
    properties = {p.get("name"): p.get("value") for p in failed[0].iter("property")}
    assert properties["points"] == "2"
    assert properties["verdict"] == "wrong"


def test_a_test_explorer_sees_every_test_of_a_stub(house):
    result = house.pytest("exercises", "--collect-only", "-q")
    assert result.output.count(f"{EXERCISE}::test_") == 5


def test_a_test_explorer_lists_and_runs_the_learners_file(house):
    lines = ["def pytest_collection_modifyitems(items):"]
    lines += ["    for item in items: print('AT', item.path, item.parent.path, *item.location[:2])"]
    (house.root / "look.py").write_text("\n".join(lines))
    result = house.pytest("exercises", "--collect-only", "-q", "-p", "look")
    seen = [line.split()[1:] for line in result.output.splitlines() if line.startswith("AT ")]
    own = str(house.exercise)
    assert seen == [[own, own, EXERCISE, "0"]] * 5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def corrupt(:\n", "SyntaxError: invalid syntax"),
        ("import a_library_that_is_not_there\n", "ModuleNotFoundError"),
        ("import add_noise\n", "copy what you need from add_noise.py"),
        ("raise RuntimeError('at import')\n", "RuntimeError: at import"),
        ("import sys\nsys.exit(0)\n", "SystemExit"),
        ("import pytest\npytest.skip('all', allow_module_level=True)\n", "Skipped"),
        ("\0", "null bytes"),
    ],
)
def test_a_file_that_does_not_run_is_one_friendly_failure(house, text, words):
    house.exercise.write_text(text)
    result = house.pytest("exercises")
    assert result.status == 1
    assert words in result.output
    assert "1 failed" in result.output
    assert "site-packages" not in result.output


def test_a_file_that_is_not_utf8_is_one_friendly_failure(house):
    house.exercise.write_bytes("# é\n".encode("latin-1"))
    result = house.pytest("exercises")
    assert result.status == 1
    assert "not UTF-8" in result.output


def test_a_function_with_another_name_is_missed_by_name(house):
    text = house.solution.read_text().replace("def corrupt(", "def corupt(")
    house.exercise.write_text(text)
    result = house.pytest(f"{EXERCISE}::test_the_noise_is_standard_normal")
    assert "no function `corrupt`" in result.output


def test_a_missing_exercise_is_an_error_that_names_the_path(house):
    house.exercise.unlink()
    result = house.pytest(EXERCISE)
    assert result.status == 4
    assert EXERCISE in result.output


@pytest.mark.parametrize(
    "path", ["exercises/02_training/nothing.py", "exercises/99_nothing", "exercises/README.md"]
)
def test_a_path_that_matches_nothing_is_an_error(house, path):
    result = house.pytest(path)
    assert result.status not in (0, 1)
    assert path in result.output


def test_a_scratch_file_is_passed_over_but_an_error_when_it_is_named(house):
    scratch = house.exercise.with_name("scratch.py")
    scratch.write_text("raise SystemExit('never run')\n")
    folder = house.pytest("exercises")
    named = house.pytest("exercises/02_training/scratch.py")
    assert "1 not started" in folder.output
    assert named.status not in (0, 1, 5)
    assert "is no kata. There are: add_noise" in named.output


def test_a_learners_own_test_runs_beside_the_suite(house):
    house.exercise.with_name("test_mine.py").write_text("def test_mine():\n    assert 1\n")
    result = house.pytest("exercises")
    assert "1 passed" in result.output
    assert "1 not started" in result.output


def test_an_exception_in_a_learners_function_shows_their_line_and_no_framework(half_right):
    text = half_right.exercise.read_text().replace(
        UNIFORM, "    noise = torch.randn(clean_images)\n"
    )
    half_right.exercise.write_text(text)
    result = half_right.pytest(f"{EXERCISE}::test_the_noise_is_standard_normal")
    assert "raised" in result.output
    assert "noise = torch.randn(clean_images)" in result.output
    assert "kata/exercise.py" not in result.output


def test_a_loop_without_an_end_costs_one_time_limit(house):
    loop = "def corrupt(*arguments):\n    while True:\n        pass\n\n\n"
    house.exercise.write_text(loop + "def noise_ladder(*arguments):\n    pass\n")
    result = house.pytest(EXERCISE, "--timeout=1")
    assert "1 failed" in result.output and "passed" not in result.output
    assert "a loop without an end" in result.output
    assert f"{EXERCISE}:2" in result.output or f"{EXERCISE}:3" in result.output


def test_in_brief_one_failure_is_told_and_the_others_named(house):
    house.exercise.write_text(house.exercise.read_text().replace("raise NotImpl", "return  # ", 1))
    output = house.pytest(EXERCISE, "--brief", "-q").output
    assert output.count("  seen  ") == 1
    assert "· The first rung is timestep 0" in output


def test_vv_gives_the_whole_traceback_back(half_right):
    result = half_right.pytest(f"{EXERCISE}::test_the_noise_is_standard_normal", "-vv")
    assert "def test_the_noise_is_standard_normal" in result.output


def test_a_zoo_that_names_no_test_cannot_be_collected(house):
    text = house.zoo.read_text().replace(
        'rejected_by="test_the_clean_pictures_stay_as_they_were"', 'rejected_by="test_of_nothing"'
    )
    house.zoo.write_text(text)
    result = house.pytest("tests")
    assert result.status == 2
    assert "has no test `test_of_nothing`" in result.output


def test_a_suite_that_accepts_a_mistake_is_red(house):
    house.zoo.write_text(house.zoo.read_text().replace("torch.rand(", "torch.randn("))
    result = house.pytest("tests", "-k", "uniform_noise")
    assert result.status == 1
    assert "accepts the mistake `uniform_noise`" in result.output


def test_a_test_that_accepts_nothing_at_all_is_red(house):
    suite = house.suite.read_text()
    house.suite.write_text(f"{suite}\n\ndef test_of_nothing(exercise):\n    assert exercise\n")
    result = house.pytest("tests", "-k", "returns_nothing")
    assert result.status == 1
    assert "`returns_nothing`, which every test must reject" in result.output
    assert "returns_nothing::test_of_nothing" in result.output


def test_a_rejection_in_other_words_is_red(house):
    house.zoo.write_text(house.zoo.read_text().replace('says="uniform"', 'says="a unicorn"'))
    result = house.pytest("tests", "-k", "uniform_noise")
    assert result.status == 1
    assert "does not read 'a unicorn'" in result.output


def test_a_suite_that_rejects_a_variant_is_red(house):
    house.zoo.write_text(
        house.zoo.read_text().replace("alpha_bar**0.5 * clean_images", "alpha_bar * clean_images")
    )
    result = house.pytest("tests", "-k", "mixed_by_hand")
    assert result.status == 1
    assert "mixed_by_hand" in result.output
