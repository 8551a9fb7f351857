"""A learner's progress, derived from what was judged: `.kata/progress.json`.

A verdict holds for the very contents of the learner's file and of its suite that it was given on.
So of each kata the hashes of both are kept, the tests that its suite has with their points, and the
verdict of each that ran. Runs of single tests add up while the hashes stay the same.
"""

import ast
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from kata.files import content_hash, keep_aside, memory, write_whole
from kata.manifest import EXERCISES, Kata, Manifest, load_manifest
from kata.stub import unwritten
from kata.verdict import NOT_STARTED, PASSED, WRONG

DONE = "done"
VERIFY = "to be verified"
VERSION = 1
FAILED = {WRONG, NOT_STARTED}
PATIENCE = 10  # seconds for another run to finish writing, which takes it milliseconds


@dataclass(frozen=True)
class Record:
    """What was judged of one kata.

    file, suite  hashes of the contents that were judged
    points       of every test that the suite has on this machine
    verdicts     of the tests that ran
    """

    file: str
    suite: str
    points: dict[str, int]
    verdicts: dict[str, str]


@dataclass(frozen=True)
class Score:
    """Tests and points out of all that the suite has, as it was judged last.

    passed, points  what was reached; None where the file or its suite has changed since
    """

    passed: int | None
    tests: int
    points: int | None
    most: int


class Progress:
    """What is known about every kata, compared with the files as they are now."""

    def __init__(self, manifest: Manifest, records: dict[str, Record]):
        self.manifest = manifest
        self._records = records

    def state(self, kata: Kata) -> str:
        """DONE, WRONG, NOT_STARTED or VERIFY."""
        if _is_not_started(kata):
            return NOT_STARTED
        if kata.id not in self._judged_as_it_is:
            return VERIFY
        record = self._records[kata.id]
        verdicts = {record.verdicts.get(test) for test in record.points}
        if verdicts == {PASSED}:
            return DONE
        return WRONG if verdicts & FAILED else VERIFY

    def is_done(self, kata: Kata) -> bool:
        return self.state(kata) == DONE

    def next_kata(
        self, after: Kata | None = None, among: tuple[Kata, ...] | None = None
    ) -> Kata | None:
        """The first in order that is not done; None when all are.

        after  begin behind this one, and look at those before it last
        among  only these; all without
        """
        katas = self.manifest.katas if among is None else among
        place = katas.index(after) + 1 if after in katas else 0
        ahead = katas[place:] + katas[:place]
        return next((kata for kata in ahead if not self.is_done(kata)), None)

    def score(self, kata: Kata) -> Score | None:
        """None for a kata that was never judged."""
        if kata.id not in self._records:
            return None
        record = self._records[kata.id]
        tests, most = len(record.points), sum(record.points.values())
        if kata.id not in self._judged_as_it_is:
            return Score(None, tests, None, most)
        passed = [test for test in record.points if record.verdicts.get(test) == PASSED]
        return Score(len(passed), tests, sum(record.points[test] for test in passed), most)

    @cached_property
    def _judged_as_it_is(self) -> set[str]:
        """The katas whose file and suite are now what they were when they were judged."""
        katas = [kata for kata in self.manifest.katas if kata.id in self._records]
        return {kata.id for kata in katas if _hashes(kata) == _hashes_of(self._records[kata.id])}


def load_progress(manifest: Manifest | None = None) -> Progress:
    """Read what was judged. What is missing or damaged counts as never judged."""
    manifest = manifest or load_manifest()
    entries = _entries(_read(progress_file(manifest.root)) or {})
    records = {kata: _record(entry) for kata, entry in entries.items()}
    return Progress(manifest, {kata: record for kata, record in records.items() if record})


def progress_file(root: Path) -> Path:
    return memory(root) / "progress.json"


def remember(root: Path, judged: Iterable[tuple[str, Record]]) -> None:
    """Add to the progress what a run has judged, in that order: pairs of a kata's id and a record.

    Several runs may do so at once. Raises OSError where it cannot be written.
    """
    from filelock import FileLock

    path = progress_file(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock"), timeout=PATIENCE):
        table = _read(path)
        if table is None:
            table = {}
            if path.exists():
                keep_aside(path, root)  # damaged, or of a later version: not ours to throw away
        entries = _entries(table)
        for kata, record in judged:
            earlier = entries.get(kata)
            kept = earlier if isinstance(earlier, dict) else {}
            entries[kata] = {**kept, **asdict(_merged(_record(earlier), record))}
        text = json.dumps({**table, "version": VERSION, "katas": entries}, indent=1)
        write_whole(path, text + "\n")


def _merged(earlier: Record | None, record: Record) -> Record:
    """The later verdict of each test counts, and earlier ones that were given on the same files."""
    if earlier is None or _hashes_of(earlier) != _hashes_of(record):
        return record
    verdicts = {**earlier.verdicts, **record.verdicts}
    return Record(record.file, record.suite, record.points, verdicts)


def _is_not_started(kata: Kata) -> bool:
    """Whether there is nothing to judge: no file, or one with no function written yet."""
    try:
        text = kata.file(EXERCISES).read_text(encoding="utf-8-sig")
        todo = unwritten(ast.parse(text))
    except FileNotFoundError:
        return True
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return bool(todo) and set(kata.functions) <= todo


def _hashes(kata: Kata) -> tuple[str | None, str | None]:
    return content_hash(kata.file(EXERCISES)), content_hash(kata.suite)


def _hashes_of(record: Record) -> tuple[str, str]:
    return record.file, record.suite


# What stands in the file


def _read(path: Path) -> dict | None:
    """The table in the file; None where there is none that this version understands."""
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return table if isinstance(table, dict) and table.get("version") == VERSION else None


def _entries(table: dict) -> dict:
    entries = table.get("katas")
    return dict(entries) if isinstance(entries, dict) else {}


def _record(entry: object) -> Record | None:
    """The record that an entry holds; None where it is damaged."""
    if not isinstance(entry, dict):
        return None
    file, suite, points, verdicts = map(entry.get, Record.__dataclass_fields__)
    sound = (
        isinstance(file, str)
        and isinstance(suite, str)
        and _is_table_of(int, points)
        and _is_table_of(str, verdicts)
    )
    return Record(file, suite, points, verdicts) if sound else None


def _is_table_of(kind: type, value: object) -> bool:
    return isinstance(value, dict) and all(type(item) is kind for item in value.values())
