"""What is to be judged: who handed in what, and one job for each content of a kata's file.

A job's key is a hash of everything that its result depends on, but for the seeds. Whoever handed in
the same content shares the job, in this class and in the next. The plan holds hashes and no
contents, so that it stays small, and travels to a cluster as one file.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path

from kata.checksums import SUMS
from kata.errors import KataError
from kata.files import content_hash
from kata.grading.environment import environment
from kata.grading.intake import Submission
from kata.grading.store import BROKEN, Store, disk_errors
from kata.manifest import SOLUTIONS, Kata
from kata.verdict import INFRASTRUCTURE, NOT_STARTED, REFUSED

VERSION = 1
MISSING = "the file is missing"


class PlanError(KataError):
    """There is no plan, or none that this checkout can carry out."""


@dataclass(frozen=True)
class Basis:
    """What all results of a plan rest on.

    tooling      hash of what judges: the package, the libraries' configuration, the data
    environment  versions of Python and of the libraries
    isolation    the level at which is judged
    limits       that differ from the usual ones, by their names in `kata.sandbox.limits.Limits`
    """

    tooling: str
    environment: dict[str, str]
    isolation: str
    limits: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class PlannedJob:
    """One content of one kata's file, and the secret seeds by which it is judged."""

    kata: str
    file: str
    seeds: tuple[str, str]


@dataclass(frozen=True)
class PlannedSubmission:
    """One submission.

    keys     for each kata the job that judges it
    without  for each kata that has no file to judge: its verdict and why
    """

    name: str
    path: str
    troubles: tuple[str, ...]
    keys: dict[str, str]
    without: dict[str, tuple[str, str]]


@dataclass(frozen=True)
class Plan:
    """A class, or a single submission.

    titles    of the katas that are graded, in their order
    blanks    for each kata that someone has no file of: the job that judges an empty stub, by
              which one knows what its tests are and what they are worth
    pictures  whether `kata show` draws what each file makes of the data
    passed_over  what lies in the class's folder and was taken for no submission
    """

    basis: Basis
    titles: dict[str, str]
    submissions: tuple[PlannedSubmission, ...]
    jobs: dict[str, PlannedJob]
    blanks: dict[str, str]
    pictures: bool = True
    passed_over: tuple[str, ...] = ()

    @cached_property
    def shares(self) -> dict[str, int]:
        """How many submissions have a share in each job."""
        shares = dict.fromkeys(self.jobs, 0)
        for submission in self.submissions:
            for key in submission.keys.values():
                shares[key] += 1
        return shares

    def shard(self, number: int, count: int) -> dict[str, PlannedJob]:
        """The jobs of one shard, 1 to `count`: together all, and none twice."""
        return dict(sorted(self.jobs.items())[number - 1 :: count])

    def to_json(self) -> str:
        return json.dumps({"version": VERSION, **asdict(self)}, indent=1)

    @classmethod
    def from_json(cls, text: str) -> "Plan":
        """Raises ValueError, KeyError or TypeError for a text that `to_json` has not written."""
        table = json.loads(text)
        if not isinstance(table, dict) or table.pop("version", None) != VERSION:
            raise ValueError("this is no plan of this version")
        jobs = {
            key: PlannedJob(job["kata"], job["file"], tuple(job["seeds"]))
            for key, job in table["jobs"].items()
        }
        basis = Basis(**table["basis"])
        submissions = tuple(map(_submission, table["submissions"]))
        blanks, pictures, over = (table[name] for name in ("blanks", "pictures", "passed_over"))
        return cls(basis, table["titles"], submissions, jobs, blanks, pictures, tuple(over))


def make_plan(
    submissions: Iterable[Submission],
    katas: Sequence[Kata],
    store: Store,
    basis: Basis,
    pictures: bool = True,
    passed_over: Sequence[str] = (),
) -> Plan:
    """Keep the files of all submissions in the store, one submission in memory at a time.

    Raises StoreError.
    """
    planner = _Planner(katas, store, basis)
    planned = tuple(map(planner.add, submissions))
    titles = {kata.id: kata.title for kata in katas}
    jobs, blanks = planner.jobs, planner.blanks
    return Plan(basis, titles, planned, jobs, blanks, pictures, tuple(passed_over))


def load_plan(store: Store) -> Plan:
    """Read the plan of a folder. Raises PlanError."""
    with disk_errors(store.plan):
        try:
            return Plan.from_json(store.plan.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise _no_plan(store, "There is no plan") from None
        except BROKEN:
            raise _no_plan(store, "The plan is damaged") from None


def basis_here(root: Path, isolation: str, limits: dict[str, int]) -> Basis:
    """On what this checkout judges in this environment."""
    return Basis(tooling_hash(root), environment(), isolation, limits)


def check_basis(planned: Basis, here: Basis) -> None:
    """Raise PlanError where results would rest on something else than what was planned."""
    if planned.tooling != here.tooling:
        raise PlanError(
            "The plan was made with another state of this repository: check out the same, or make "
            "the plan anew."
        )
    libraries = {*planned.environment, *here.environment}
    versions = {
        name: (planned.environment.get(name), here.environment.get(name)) for name in libraries
    }
    differ = [f"{name} {a} there, {b} here" for name, (a, b) in sorted(versions.items()) if a != b]
    if differ:
        raise PlanError(f"The plan was made in another environment: {', '.join(differ)}.")


def tooling_hash(root: Path) -> str:
    """A hash of what judges every kata: the package, pytest's configuration, data and models."""
    paths = [*(root / "kata").rglob("*.py"), root / "conftest.py", root / "pyproject.toml"]
    paths = [path.relative_to(root) for path in paths]
    return _digest({path.as_posix(): content_hash(root / path) for path in [*paths, SUMS]})


def key_of(kata: Kata, file: str, basis: Basis) -> str:
    """Under which the result of a file's content is kept."""
    facts = {
        "kata": [kata.id, kata.functions],
        "file": file,
        "suite": content_hash(kata.suite),
        "zoo": content_hash(kata.zoo),
        "solution": content_hash(kata.file(SOLUTIONS)),
        **asdict(basis),
    }
    return _digest(facts)


class _Planner:
    """Gathers the jobs while submissions come by."""

    def __init__(self, katas: Sequence[Kata], store: Store, basis: Basis):
        self.katas = katas
        self.store = store
        self.basis = basis
        self.jobs: dict[str, PlannedJob] = {}
        self.blanks: dict[str, str] = {}
        self._keys: dict[tuple[str, str], str] = {}

    def add(self, submission: Submission) -> PlannedSubmission:
        keys, without = {}, {}
        for kata in self.katas:
            if kata.id in submission.files:
                keys[kata.id] = self._job(kata, submission.files[kata.id])
                continue
            without[kata.id] = _without(kata, submission)
            if kata.id not in self.blanks:
                self.blanks[kata.id] = self._job(kata, blank(kata))
        return PlannedSubmission(
            submission.name, submission.path, submission.troubles, keys, without
        )

    def _job(self, kata: Kata, content: bytes) -> str:
        file = self.store.put_source(content)
        if (kata.id, file) not in self._keys:
            key = self._keys[kata.id, file] = key_of(kata, file, self.basis)
            self.jobs[key] = PlannedJob(kata.id, file, (_seed(), _seed()))
        return self._keys[kata.id, file]


def _without(kata: Kata, submission: Submission) -> tuple[str, str]:
    """The verdict where there is no file to judge, and why."""
    if unread := submission.unread.get(kata.id):
        return INFRASTRUCTURE, unread
    refusal = submission.refused.get(kata.id)
    return (REFUSED, refusal) if refusal else (NOT_STARTED, MISSING)


def blank(kata: Kata) -> bytes:
    """What a file is judged as that is not there: nothing is written."""
    lines = (
        f'def {name}(*arguments, **keywords):\n    raise NotImplementedError("TODO: {name}")\n'
        for name in kata.functions
    )
    return "\n\n".join(lines).encode()


def _seed() -> str:
    return str(secrets.randbelow(2**53))


def _digest(facts: dict) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _submission(table: dict) -> PlannedSubmission:
    without = {kata: tuple(verdict) for kata, verdict in table["without"].items()}
    return PlannedSubmission(
        table["name"], table["path"], tuple(table["troubles"]), table["keys"], without
    )


def _no_plan(store: Store, trouble: str) -> PlanError:
    return PlanError(f"{trouble} in {store.out}. Make one: kata grade plan PATH --out {store.out}")
