"""From a plan and what was found to the grades of a class, from which every report is made."""

from collections.abc import Mapping
from dataclasses import replace

from kata.grading.model import Grades, KataResult, SubmissionResult
from kata.grading.plan import Plan, PlannedSubmission
from kata.grading.store import Store
from kata.verdict import INFRASTRUCTURE

NOT_JUDGED = "It was not judged yet."


def gather(plan: Plan, store: Store, failed: Mapping[str, KataResult] | None = None) -> Grades:
    """The grades of all submissions of a plan.

    failed  what could not be judged in this run, by its key
    What is neither in the store nor among these counts as not judged yet.
    """
    results = {key: store.get(key) or (failed or {}).get(key) for key in plan.jobs}
    outlines = {result.kata: result for result in results.values() if result and result.tests}
    for key, job in plan.jobs.items():
        if results[key] is None or results[key].verdict == INFRASTRUCTURE:
            results[key] = _not_judged(plan, key, job, results[key], outlines)
    return Grades(tuple(_submission(plan, entry, results, outlines) for entry in plan.submissions))


def _submission(
    plan: Plan, entry: PlannedSubmission, results: dict, outlines: dict
) -> SubmissionResult:
    katas = tuple(
        results[entry.keys[kata]]
        if kata in entry.keys
        else _nothing_earned(plan, kata, *entry.without[kata], outlines)
        for kata in plan.titles
    )
    return SubmissionResult(entry.name, entry.path, katas, entry.troubles)


def _not_judged(plan: Plan, key: str, job, found: KataResult | None, outlines) -> KataResult:
    note = found.note if found else NOT_JUDGED
    result = _nothing_earned(plan, job.kata, INFRASTRUCTURE, note, outlines)
    return replace(result, file=job.file, key=key, details=found.details if found else "")


def _nothing_earned(plan: Plan, kata: str, verdict: str, note: str, outlines) -> KataResult:
    """The result where there is nothing to judge: what could be earned is known from others."""
    outline = outlines.get(kata)
    tests = tuple(
        replace(test, points=0, verdict=verdict, feedback="")
        for test in (outline.tests if outline else ())
    )
    most = outline.most if outline else 0
    return KataResult(kata, plan.titles[kata], verdict, 0, most, tests, note)
