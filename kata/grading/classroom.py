"""A class made up: submissions in every form, whose verdicts are known before they are graded."""

import ast
import io
import itertools
import random
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kata.grading.corpus import SUBMISSION, Attack, attacks
from kata.grading.names import safe_name
from kata.grading.written import written
from kata.manifest import EXERCISES, SOLUTIONS, Kata
from kata.stubs import stub_of
from kata.verdict import INFRASTRUCTURE, NOT_STARTED, PASSED, WRONG
from kata.worker import load_file
from kata.zoo import entries

NOT_PASSED = "not passed"  # what is expected of an attack: any of the verdicts on a learner
MISTAKEN, HALF_DONE = 0.4, 0.3  # of those that are not hostile; the rest has all right

Handed = dict[Kata, tuple[bytes, str]]  # for each kata a file's content and the verdict expected


def make_class(
    folder: Path,
    katas: Sequence[Kata],
    count: int,
    seed: int,
    hostile: float = 0.1,
    signed: bool = False,
) -> dict[str, dict[str, str]]:
    """Write `count` submissions into the folder; return the verdicts expected, by name and kata.

    hostile  the share of those that attack in one kata or by how they are packed
    signed   let every file name its author, so that no two are the same
    The same seed gives the same class. Mistakes and attacks come round in turn, so that a class
    that is large enough has each of them.
    """
    rng = random.Random(seed)
    authors = _Authors(katas, rng)
    expected = {}
    for number, kind in enumerate(_kinds(count, hostile, rng), start=1):
        path = folder / f"student-{number:04}"
        attack = next(authors.attacks) if kind == "hostile" else None
        if attack and attack.form == SUBMISSION:
            path.mkdir(parents=True)
            attack.make(path, authors.aim(attack))
            verdicts = {kata.id: NOT_PASSED for kata in katas}  # of some nothing can be opened
        else:
            handed = authors.hostile(attack) if attack else getattr(authors, kind)()
            note = f"\n# {path.name}\n".encode() if signed else b""
            files = {kata: content + note for kata, (content, _) in handed.items()}
            path = rng.choice(FORMS)(path, files)
            verdicts = {kata.id: verdict for kata, (_, verdict) in handed.items()}
        expected[safe_name(path)] = {k.id: verdicts.get(k.id, NOT_STARTED) for k in katas}
    return expected


def is_as_expected(expected: str, verdict: str) -> bool:
    """Whether a verdict is the one that `make_class` expects."""
    if expected == NOT_PASSED:
        return verdict not in (PASSED, INFRASTRUCTURE)
    return verdict == expected


def _kinds(count: int, hostile: float, rng: random.Random) -> list[str]:
    """As many of each kind as their shares say, in any order."""
    attacking = round(count * hostile)
    mistaken, half_done = (round((count - attacking) * share) for share in (MISTAKEN, HALF_DONE))
    kinds = ["hostile"] * attacking + ["mistaken"] * mistaken + ["half_done"] * half_done
    kinds += ["right"] * (count - len(kinds))
    rng.shuffle(kinds)
    return kinds


class _Authors:
    """Who writes the files: for each kind of submission a method that gives its contents."""

    def __init__(self, katas: Sequence[Kata], rng: random.Random):
        self.katas, self._rng = katas, rng
        self._right, self._mistakes = {}, {}
        for kata in katas:
            zoo = entries(load_file(kata.zoo))
            on_a_gpu = _on_a_gpu(kata)
            mistakes = [e for e in zoo if e.is_mistake and not any(map(e.takes, on_a_gpu))]
            self._right[kata] = [None, *(entry for entry in zoo if not entry.is_mistake)]
            self._mistakes[kata] = self._in_turn(mistakes)
        self.attacks = self._in_turn([attack for attack in attacks() if not attack.level])

    def right(self) -> Handed:
        """The reference, or what the zoo knows to be right."""
        return {kata: self._right_one(kata) for kata in self.katas}

    def mistaken(self) -> Handed:
        """A mistake in every kata."""
        return {
            kata: (written(kata, next(self._mistakes[kata])).encode(), WRONG) for kata in self.katas
        }

    def half_done(self) -> Handed:
        """Some katas right, some as they were handed out, some not there."""
        handed = {kata: self._rng.choice([self._right_one, _stub, None]) for kata in self.katas}
        return {kata: write(kata) for kata, write in handed.items() if write}

    def hostile(self, attack: Attack) -> Handed:
        """An attack in one kata, all others right."""
        kata = self.aim(attack)
        return {**self.right(), kata: (attack.source(kata), NOT_PASSED)}

    def aim(self, attack: Attack) -> Kata:
        aims = [kata for kata in self.katas if kata.name == attack.aim]
        return self._rng.choice(aims or self.katas)

    def _right_one(self, kata: Kata) -> tuple[bytes, str]:
        entry = self._rng.choice(self._right[kata])
        content = written(kata, entry).encode() if entry else kata.file(SOLUTIONS).read_bytes()
        return content, PASSED

    def _in_turn(self, things: list) -> Iterator:
        return itertools.cycle(self._rng.sample(things, len(things)))


def _on_a_gpu(kata: Kata) -> set[str]:
    """The tests that are left out where there is no GPU."""
    tests = ast.parse(kata.suite.read_text(encoding="utf-8")).body
    return {
        test.name
        for test in tests
        if isinstance(test, ast.FunctionDef)
        and "pytest.mark.gpu" in map(ast.unparse, test.decorator_list)
    }


def _stub(kata: Kata) -> tuple[bytes, str]:
    return stub_of(kata).encode(), NOT_STARTED


# The forms in which people hand in


@dataclass(frozen=True)
class _Packed:
    """The files in an archive or a folder, each in its place below `wrapping`."""

    write: Callable[[Path, dict[str, bytes]], Path]
    wrapping: str = ""

    def __call__(self, path: Path, files: dict[Kata, bytes]) -> Path:
        places = {f"{self.wrapping}{EXERCISES}/{kata.id}.py": files[kata] for kata in files}
        return self.write(path, places)


def _folder(path: Path, places: dict[str, bytes]) -> Path:
    path.mkdir(parents=True)
    for place, content in places.items():
        (path / place).parent.mkdir(parents=True, exist_ok=True)
        (path / place).write_bytes(content)
    return path


def _zip(path: Path, places: dict[str, bytes]) -> Path:
    path = path.with_suffix(".zip")
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as file:
        for place, content in places.items():
            file.writestr(zipfile.ZipInfo(place), content, zipfile.ZIP_DEFLATED)
    return path


def _tar(path: Path, places: dict[str, bytes]) -> Path:
    path = path.with_suffix(".tar.gz")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as file:
        for place, content in places.items():
            info = tarfile.TarInfo(place)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return path


def _checkout(path: Path, places: dict[str, bytes]) -> Path:
    """What a clone looks like to whoever does not ask git."""
    return _folder(path, {".git/HEAD": b"ref: refs/heads/main\n", "README.md": b"", **places})


def _flat(path: Path, files: dict[Kata, bytes]) -> Path:
    """The katas' files side by side; one alone is a submission under its author's name."""
    if len(files) == 1:
        [(kata, content)] = files.items()
        path.parent.mkdir(parents=True, exist_ok=True)
        path = path.with_name(f"{path.name}_{kata.name}.py")
        path.write_bytes(content)
        return path
    return _folder(path, {f"{kata.name}.py": content for kata, content in files.items()})


FORMS = (
    _Packed(_folder),
    _Packed(_folder, "diffusers-katas/"),
    _Packed(_zip),
    _Packed(_zip, "diffusers-katas-main/"),
    _Packed(_tar, "./"),
    _Packed(_checkout),
    _flat,
)
