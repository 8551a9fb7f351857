"""The manifest: which lessons and katas there are, in what order, and where their files lie.

Everything that is known about a kata and is not in its files stands in `katas.toml`.
"""

import difflib
import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from kata.errors import KataError

ROOT = Path(__file__).resolve().parent.parent
EXERCISES, SOLUTIONS, TESTS = "exercises", "solutions", "tests"
TREES = (EXERCISES, SOLUTIONS)
LESSON_FIELDS = {"name": str, "title": str}
KATA_FIELDS = {
    "name": str,
    "title": str,
    "minutes": int,
    "concepts": list,
    "functions": list,
    "hints": list,
}
OPTIONAL_KATA_FIELDS = {"visibility": str}
GRADING_FIELDS = {"visibility": str}
HIDDEN, VISIBLE = "hidden", "visible"
VISIBILITIES = (HIDDEN, "after_published", "after_due_date", VISIBLE)  # the strictest first
TYPES = {str: "a text", int: "a whole number", list: "a list of texts"}


class ManifestError(KataError):
    """`katas.toml` is broken, or a name matches no kata. The message says what to type."""


@dataclass(frozen=True)
class Kata:
    """One kata: a file that the learner fills in, and everything that belongs to it.

    visibility  when a class sees how it was graded: one of VISIBILITIES
    """

    root: Path
    lesson: str
    name: str
    title: str
    minutes: int
    concepts: tuple[str, ...]
    functions: tuple[str, ...]
    hints: tuple[str, ...]
    visibility: str = VISIBLE

    @property
    def id(self) -> str:
        return f"{self.lesson}/{self.name}"

    def file(self, tree: str) -> Path:
        """The learner's file (tree `exercises`) or the reference (tree `solutions`)."""
        return self.root / tree / self.lesson / f"{self.name}.py"

    @property
    def suite(self) -> Path:
        return self.root / TESTS / self.lesson / f"test_{self.name}.py"

    @property
    def zoo(self) -> Path:
        return self.root / TESTS / self.lesson / f"zoo_{self.name}.py"

    @property
    def show(self) -> Path:
        """What `kata show` draws of it."""
        return self.root / TESTS / self.lesson / f"show_{self.name}.py"


@dataclass(frozen=True)
class Lesson:
    root: Path
    name: str
    title: str
    katas: tuple[Kata, ...]

    @property
    def page(self) -> Path:
        return self.root / EXERCISES / self.name / "README.md"


@dataclass(frozen=True)
class Manifest:
    root: Path
    lessons: tuple[Lesson, ...]

    @cached_property
    def katas(self) -> tuple[Kata, ...]:
        return tuple(kata for lesson in self.lessons for kata in lesson.katas)

    @cached_property
    def visibility(self) -> dict[str, str]:
        """When a class sees how each kata was graded, by the katas' ids."""
        return {kata.id: kata.visibility for kata in self.katas}

    def kata_at(self, path: Path) -> tuple[str, Kata] | None:
        """The tree and the kata that a path belongs to, or None."""
        return self._by_path.get(path)

    @cached_property
    def _by_path(self) -> dict[Path, tuple[str, Kata]]:
        return {kata.file(tree): (tree, kata) for kata in self.katas for tree in TREES}

    def find(self, name: str) -> Kata:
        """The kata of a name, of `LESSON/NAME`, or of the path of its file.

        The start of a name is enough, or any part, where it fits one kata only. Raises
        ManifestError, which names those that fit, or else the nearest.
        """
        wanted = name.removesuffix(".py").strip("/")
        for tree in TREES:
            wanted = wanted.removeprefix(f"{tree}/")
        for kata in self.katas:
            if wanted in (kata.name, kata.id):
                return kata
        fitting = self._fitting(wanted)
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            several = ", ".join(kata.name for kata in fitting)
            raise ManifestError(f"`{name}` fits several katas:\n{several}\nGive more of the name.")
        names = [kata.name for kata in self.katas]
        near = difflib.get_close_matches(wanted.rpartition("/")[2], names, n=1, cutoff=0.5)
        there = f"There are: {', '.join(names)}." if names else "katas.toml holds none."
        mend = f"Did you mean `{near[0]}`?" if near else there
        raise ManifestError(f"There is no kata `{name}`. {mend}")

    def _fitting(self, part: str) -> list[Kata]:
        """The katas of which it is the start, else those that have it anywhere in their name."""
        starts = [k for k in self.katas if k.name.startswith(part) or k.id.startswith(part)]
        return (starts or [k for k in self.katas if part in k.id]) if part else []


def load_manifest(root: Path = ROOT) -> Manifest:
    """Read `katas.toml` under `root`. Raises ManifestError when it is missing or broken."""
    path = root / "katas.toml"
    try:
        return parse_manifest(path.read_text(encoding="utf-8"), root)
    except OSError as error:
        raise ManifestError(f"Cannot read {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ManifestError(f"Cannot read {path}: it is not UTF-8 text.") from error


def parse_manifest(text: str, root: Path = ROOT) -> Manifest:
    """Make a manifest of the text of a `katas.toml`. Raises ManifestError when it is broken."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ManifestError(f"katas.toml is not valid TOML: {error}.") from error
    visibility = _visibility(table.pop("grading", {}))
    lessons = tuple(_lesson(root, entry, visibility) for entry in _tables(table, "lesson"))
    _check_fields(table, {}, "the file")
    manifest = Manifest(root, lessons)
    _check_names("lesson", lessons)
    _check_names("kata", manifest.katas)
    return manifest


def _visibility(grading: object) -> str:
    """What the table [grading] says of all katas."""
    if type(grading) is not dict:
        raise ManifestError("katas.toml: `grading` is written as [grading], once.")
    _check_fields(grading, {}, "[grading]", optional=GRADING_FIELDS)
    return _one_of_visibilities(grading.get("visibility", VISIBLE), "[grading]")


def _one_of_visibilities(value: str, whose: str) -> str:
    if value not in VISIBILITIES:
        one_of = ", ".join(VISIBILITIES)
        raise ManifestError(
            f"katas.toml: `visibility` of {whose} is `{value}`, not one of {one_of}."
        )
    return value


def _lesson(root: Path, entry: dict, visibility: str) -> Lesson:
    katas = _tables(entry, "kata")
    _check_fields(entry, LESSON_FIELDS, f"the lesson `{entry.get('name')}`")
    made = tuple(_kata(root, entry["name"], {"visibility": visibility, **kata}) for kata in katas)
    return Lesson(root, **entry, katas=made)


def _kata(root: Path, lesson: str, entry: dict) -> Kata:
    whose = f"the kata `{entry.get('name')}`"
    _check_fields(entry, KATA_FIELDS, whose, optional=OPTIONAL_KATA_FIELDS)
    _one_of_visibilities(entry["visibility"], whose)
    fields = {key: tuple(value) if type(value) is list else value for key, value in entry.items()}
    return Kata(root, lesson, **fields)


def _tables(parent: dict, kind: str) -> list[dict]:
    """Take the tables of a kind out of the table that holds them."""
    tables = parent.pop(kind, [])
    if type(tables) is not list or not all(type(table) is dict for table in tables):
        raise ManifestError(f"katas.toml: `{kind}` is written as [[...]], once for each.")
    return tables


def _check_fields(
    entry: dict, fields: dict[str, type], whose: str, optional: dict[str, type] | None = None
) -> None:
    known = {**fields, **(optional or {})}
    for key in [*fields, *entry]:
        if key not in known:
            raise ManifestError(f"katas.toml: {whose} has a field `{key}` that is not known.")
        if key not in entry:
            raise ManifestError(f"katas.toml: {whose} lacks the field `{key}`.")
        if not _fits(entry[key], known[key]):
            raise ManifestError(f"katas.toml: `{key}` of {whose} is not {TYPES[known[key]]}.")


def _fits(value: object, wanted: type) -> bool:
    return type(value) is wanted and (
        wanted is not list or all(type(item) is str for item in value)
    )


def _check_names(kind: str, things: tuple) -> None:
    for name, count in Counter(thing.name for thing in things).items():
        if count > 1:
            raise ManifestError(f"katas.toml names the {kind} `{name}` {count} times.")
