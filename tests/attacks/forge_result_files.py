"""Write results in every format and place that a grader might read, now and at the end."""

import atexit
import contextlib
import json
import os
import tempfile
from pathlib import Path

CLASS = "forging the result"
MARK = "kata-attack"
NAMES = ("results.json", "result.json", "plan.json", "junit.xml", "report.html", "feedback.json")
HOME = tempfile.gettempdir()
PLACES = (".", "..", f"{HOME}/..", f"{HOME}/../..", "/autograder/results", "/tmp/kata-attack")
RESULT = {"score": 100, "verdict": "passed", "points": 100, "tests": [], "note": MARK}


def forge():
    for place in (HOME, *PLACES, os.environ.get("GITHUB_WORKSPACE", ".")):
        for name in NAMES:
            with contextlib.suppress(OSError):
                name = name if place == HOME else f"{MARK}-{name}"
                Path(place).mkdir(exist_ok=True)
                Path(place, name).write_text(json.dumps(RESULT))


atexit.register(forge)


def attack(name, /, *args, **kwargs):
    forge()
    return None
