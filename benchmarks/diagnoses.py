"""How often a wrong answer is named: every mistake of every kata, judged as a learner's answer.

    python benchmarks/diagnoses.py                 all katas, on two processes
    python benchmarks/diagnoses.py add_noise unet  these

Each mistake goes through the tests that its zoo names for it. Where a test rejects it, the
diagnosis should be this mistake (the original, of one that is written otherwise), or one that says
the very same. Printed are, for each kata, how many were named rightly, not at all, and wrongly, and
what a diagnosis takes.
"""

import argparse
import io
import sys
import time
from collections import Counter
from contextlib import redirect_stdout

import pytest
from rich.console import Console
from rich.table import Table

from kata.diagnosis import diagnose
from kata.manifest import load_manifest

RIGHT, UNNAMED, WRONG = "right", "unnamed", "wrong"


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_pyfunc_call(pyfuncitem):
    """Diagnose the rejection of a mistake before it is turned into a pass."""
    try:
        return (yield)
    except BaseException:
        answer, exercise = pyfuncitem.answer, pyfuncitem.funcargs.get("exercise")
        if answer.entry is not None and answer.entry.is_mistake and exercise is not None:
            started = time.process_time()
            named = diagnose(exercise, pyfuncitem.name)
            seconds = time.process_time() - started
            facts = (answer.kata.id, answer.entry.name, named and named.name, seconds)
            wanted = answer.entry.original or answer.entry
            right = named and named.misconception == wanted.misconception
            verdict = UNNAMED if named is None else RIGHT if right else WRONG
            pyfuncitem.user_properties.append(("named", [verdict, *facts]))
        raise


class Reports:
    """Collects what the processes have found."""

    def __init__(self):
        self.found, self.failed = [], []

    def pytest_runtest_logreport(self, report):
        if report.when == "teardown":
            self.found += [value for key, value in report.user_properties if key == "named"]
        if report.failed:
            self.failed.append(report.nodeid)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("katas", nargs="*", help="names; all without")
    parser.add_argument("-n", type=int, default=2, help="processes")
    options = parser.parse_args()
    manifest = load_manifest()
    katas = [manifest.find(name) for name in options.katas] or list(manifest.katas)
    reports = Reports()
    command = ["-q", "-p", "benchmarks.diagnoses", f"-n{options.n}", "-p", "no:cacheprovider"]
    with redirect_stdout(io.StringIO()):
        pytest.main([*command, *(str(kata.zoo) for kata in katas)], plugins=[reports])
    console = Console()
    console.print(table(katas, reports.found))
    for verdict, kata, mistake, named, _ in sorted(reports.found):
        if verdict != RIGHT:
            console.print(
                f"{verdict:8} {kata}: {mistake}" + (f" taken for {named}" if named else "")
            )
    for nodeid in reports.failed:
        console.print(f"not rejected as its zoo says: {nodeid}")
    return int(any(verdict == WRONG for verdict, *_ in reports.found))


def table(katas: list, found: list) -> Table:
    """One row a kata, and one for all."""
    shown = Table(title="Diagnoses", title_justify="left", box=None, pad_edge=False)
    for name in ("kata", "rejections", RIGHT, UNNAMED, WRONG, "share", "seconds", "longest"):
        shown.add_column(name, justify="left" if name == "kata" else "right")
    for name in [*(kata.id for kata in katas), "together"]:
        rows = [row for row in found if name in (row[1], "together")]
        counts, seconds = Counter(row[0] for row in rows), [row[4] for row in rows] or [0.0]
        numbers = [str(counts[verdict]) for verdict in (RIGHT, UNNAMED, WRONG)]
        share = f"{counts[RIGHT] / max(len(rows), 1):.1%}"
        mean = f"{sum(seconds) / len(seconds):.2f}"
        shown.add_row(name, str(len(rows)), *numbers, share, mean, f"{max(seconds):.2f}")
    return shown


if __name__ == "__main__":
    sys.exit(main())
