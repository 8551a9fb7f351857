"""JUnit XML: a suite for each submission, a case for each entry; points are its properties.

The format is Jenkins' `junit-10.xsd`, in which a case has no properties: those of the case 3.2 are
called `3.2.points` and `3.2.most`.
"""

import xml.etree.ElementTree as ElementTree

from kata.grading.model import Grades, SubmissionResult
from kata.grading.reports.entries import Entry, entries_of, line, total
from kata.verdict import INFRASTRUCTURE, PASSED


def junit(grades: Grades) -> str:
    """The whole class as one document."""
    root = ElementTree.Element("testsuites", name="katas")
    root.extend(map(_suite, grades.submissions))
    ElementTree.indent(root, " ")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, "unicode") + "\n"


def _suite(submission: SubmissionResult) -> ElementTree.Element:
    entries = entries_of(submission)
    errors = sum(not entry.counts for entry in entries)
    points, most = total(entries)
    suite = ElementTree.Element(
        "testsuite",
        name=line(submission.name),
        tests=f"{len(entries)}",
        failures=f"{sum(entry.verdict != PASSED for entry in entries) - errors}",
        errors=f"{errors}",
        skipped="0",
        time=f"{submission.seconds:.3f}",
    )
    cases = {f"{e.number}.{name}": getattr(e, name) for e in entries for name in ("points", "most")}
    _properties(suite, {"points": points, "most": most, "verdict": submission.verdict, **cases})
    suite.extend(map(_case, entries))
    if submission.troubles:
        output = ElementTree.SubElement(suite, "system-out")
        output.text = "\n".join(map(line, submission.troubles))
    return suite


def _case(entry: Entry) -> ElementTree.Element:
    name = f"{entry.number} {entry.test or entry.kata}"
    case = ElementTree.Element("testcase", classname=entry.kata, name=name, time="0.000")
    if entry.verdict != PASSED:
        kind = "error" if entry.verdict == INFRASTRUCTURE else "failure"
        trouble = ElementTree.SubElement(case, kind, message=entry.name, type=entry.verdict)
        trouble.text = entry.text
    return case


def _properties(parent: ElementTree.Element, values: dict[str, object]) -> None:
    properties = ElementTree.SubElement(parent, "properties")
    for name, value in values.items():
        ElementTree.SubElement(properties, "property", name=name, value=f"{value}")
