"""A plan says who handed in what, and judges each content of a kata's file once."""

from dataclasses import replace

import pytest

from kata.grading.gather import NOT_JUDGED, gather
from kata.grading.intake import Submission
from kata.grading.model import KataResult, TestResult
from kata.grading.plan import (
    MISSING,
    Basis,
    Plan,
    PlanError,
    blank,
    check_basis,
    key_of,
    load_plan,
    make_plan,
)
from kata.grading.store import Store
from kata.stub import unwritten
from kata.verdict import INFRASTRUCTURE, NOT_STARTED, PASSED, REFUSED

FIRST, SECOND, THIRD = "01_data/first", "01_data/second", "02_training/third"
BASIS = Basis("tooling", {"python": "3.11", "torch": "2.9"}, "confined")


def submission(name, **files):
    names = {"first": FIRST, "second": SECOND, "third": THIRD}
    contents = {names[kata]: content.encode() for kata, content in files.items()}
    return Submission(name, f"class/{name}", contents, {})


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "grades")


@pytest.fixture
def planned(small, store):
    """Plan these submissions."""

    def planned(*submissions, basis=BASIS):
        return make_plan(submissions, small.katas, store, basis)

    return planned


def passed(plan, key):
    job = plan.jobs[key]
    tests = (TestResult("test_x", "It works", 2, 2, PASSED),)
    return KataResult(job.kata, "title", PASSED, 2, 2, tests, file=job.file, key=key)


def test_what_is_alike_is_judged_once(planned):
    plan = planned(
        submission("ann", first="a", second="b", third="c"),
        submission("bob", first="a", second="b", third="d"),
    )
    assert len(plan.jobs) == 4
    ann, bob = plan.submissions
    assert ann.keys[FIRST] == bob.keys[FIRST]
    assert plan.shares[ann.keys[FIRST]] == 2
    assert plan.shares[ann.keys[THIRD]] == 1


def test_the_same_content_for_two_katas_is_two_jobs(planned):
    plan = planned(submission("ann", first="a", second="a", third="a"))
    assert len(plan.jobs) == 3


def test_each_job_has_two_seeds_of_its_own(planned):
    jobs = planned(submission("ann", first="a", second="b", third="c")).jobs.values()
    seeds = [seed for job in jobs for seed in job.seeds]
    assert len(set(seeds)) == 6
    assert all(seed.isdecimal() for seed in seeds)


def test_contents_go_to_the_store_and_not_into_the_plan(planned, store):
    content = "x = 'something that is easily found'"
    plan = planned(submission("ann", first=content))
    file = plan.jobs[plan.submissions[0].keys[FIRST]].file
    assert store.source(file).read_text() == content
    assert "easily found" not in plan.to_json()


def test_a_plan_survives_json(planned):
    handed_in = replace(submission("ann", first="a"), refused={SECOND: "a link"}, troubles=("oh",))
    plan = replace(planned(handed_in, submission("bob")), passed_over=("README.md",))
    assert Plan.from_json(plan.to_json()) == plan


def test_submissions_are_read_one_at_a_time(small, store):
    alive = []

    def reading():
        for name in ("ann", "bob", "cho"):
            alive.append(name)
            yield submission(name, first=name)
            alive.remove(name)
            assert not alive

    assert len(make_plan(reading(), small.katas, store, BASIS).submissions) == 3


@pytest.mark.parametrize(
    "change",
    [
        lambda kata: kata.suite.write_text("another suite"),
        lambda kata: kata.zoo.write_text("another zoo"),
    ],
)
def test_the_key_depends_on_what_judges(small, change):
    kata = small.find("first")
    before = key_of(kata, "file", BASIS)
    assert key_of(kata, "file", BASIS) == before
    change(kata)
    assert key_of(kata, "file", BASIS) != before


@pytest.mark.parametrize(
    "change",
    [
        {"tooling": "other"},
        {"environment": {"python": "3.11", "torch": "2.10"}},
        {"isolation": "isolated"},
        {"limits": {"cpu": 5}},
    ],
)
def test_the_key_depends_on_the_conditions(small, change):
    kata = small.find("first")
    assert key_of(kata, "file", replace(BASIS, **change)) != key_of(kata, "file", BASIS)


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_shards_hold_each_job_once(planned, count):
    plan = planned(*(submission(name, first=name, second=name) for name in "abcde"))
    shards = [plan.shard(number, count) for number in range(1, count + 1)]
    keys = [key for shard in shards for key in shard]
    assert sorted(keys) == sorted(plan.jobs)


def test_a_blank_is_a_stub_in_which_nothing_is_written(small):
    import ast

    kata = small.find("first")
    assert unwritten(ast.parse(blank(kata))) == set(kata.functions)


def test_a_file_that_is_missing_earns_nothing_of_what_it_could(planned, store):
    plan = planned(submission("ann", first="a", second="b"))
    for key in plan.jobs:
        store.put(passed(plan, key))
    third = gather(plan, store).submissions[0].katas[2]
    assert (third.verdict, third.note) == (NOT_STARTED, MISSING)
    assert (third.points, third.most) == (0, 2)
    assert [test.verdict for test in third.tests] == [NOT_STARTED]


def test_a_file_that_was_not_taken_is_refused_with_the_reason(planned, store):
    plan = planned(replace(submission("ann", first="a"), refused={SECOND: "it is a link"}))
    katas = gather(plan, store).submissions[0].katas
    assert (katas[1].verdict, katas[1].note) == (REFUSED, "it is a link")


def test_what_the_grader_could_not_read_is_its_own_trouble(planned, store):
    handed_in = replace(submission("ann", first="a"), unread={SECOND: "an error of the disk"})
    katas = gather(planned(handed_in), store).submissions[0].katas
    assert (katas[1].verdict, katas[1].note) == (INFRASTRUCTURE, "an error of the disk")


def test_what_is_not_judged_is_the_graders_trouble(planned, store):
    plan = planned(submission("ann", first="a", second="b", third="c"))
    keys = plan.submissions[0].keys
    store.put(passed(plan, keys[FIRST]))
    failed = KataResult(SECOND, "", INFRASTRUCTURE, 0, 0, note="no memory", key=keys[SECOND])
    one = gather(plan, store, {keys[SECOND]: failed}).submissions[0]
    assert [kata.verdict for kata in one.katas] == [PASSED, INFRASTRUCTURE, INFRASTRUCTURE]
    assert [kata.note for kata in one.katas] == ["", "no memory", NOT_JUDGED]


def test_grades_are_in_the_order_of_the_manifest_and_of_the_submissions(small, planned, store):
    plan = planned(submission("bob", third="c"), submission("ann", first="a"))
    grades = gather(plan, store)
    assert [one.name for one in grades.submissions] == ["bob", "ann"]
    assert [kata.kata for kata in grades.submissions[0].katas] == [FIRST, SECOND, THIRD]
    assert grades.submissions[0].katas[0].title == small.find("first").title


def test_a_folder_without_a_plan_says_how_to_make_one(store):
    with pytest.raises(PlanError, match=r"There is no plan.*kata grade plan PATH"):
        load_plan(store)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 1}', '{"version": 99}'])
def test_a_damaged_plan_says_how_to_make_it_anew(store, text):
    store.put_plan(text)
    with pytest.raises(PlanError, match=r"damaged.*kata grade plan PATH"):
        load_plan(store)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"tooling": "other"}, "another state of this repository"),
        ({"environment": {"python": "3.11", "torch": "2.10"}}, "torch 2.9 there, 2.10 here"),
        ({"environment": {"python": "3.11"}}, "torch 2.9 there, None here"),
    ],
)
def test_a_plan_is_carried_out_where_it_was_made_or_in_the_like(change, words):
    check_basis(BASIS, BASIS)
    with pytest.raises(PlanError, match=words):
        check_basis(BASIS, replace(BASIS, **change))
