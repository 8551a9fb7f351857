"""An answer: the code that a suite judges. A learner's file, the reference, or one from the zoo."""

import ast
import functools
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from kata.manifest import SOLUTIONS, Kata
from kata.stub import unwritten
from kata.verdict import NotStarted, Wrong
from kata.worker import Worker, load_file
from kata.zoo import Entry


@functools.lru_cache(maxsize=1)
def _todo(text: str) -> set[str]:
    """The functions that are not written yet; looked for once, not at each test."""
    return unwritten(ast.parse(text))


@dataclass
class Answer:
    """What is judged.

    tree   `exercises` or `solutions`
    entry  the zoo's function that stands in for one of the reference's
    broken whether the whole file was found unfit; then one result speaks for all its tests
    told   the causes of failures that were told so far, each with the test that told it
    spent  the seconds that diagnoses of its failures took so far
    """

    kata: Kata
    tree: str = SOLUTIONS
    entry: Entry | None = None
    broken: bool = field(default=False, compare=False)
    told: dict[str, str] = field(default_factory=dict, compare=False)
    spent: float = field(default=0.0, compare=False)

    @property
    def path(self) -> Path:
        return self.kata.file(self.tree)

    @property
    def root(self) -> Path:
        """The folder from which messages name the file."""
        return self.kata.root

    def load(self) -> ModuleType:
        """Run the file. Raises what it raises."""
        self.broken = True
        module = load_file(self.path)
        self.broken = False
        if self.entry is not None:
            for name in [self.entry.replaces] if self.entry.replaces else self.kata.functions:
                setattr(module, name, self.entry.function)
        return module

    def worker(self, folder: Path | None) -> Worker:
        """Who answers what a test asks of it. `folder` is the test's own, where it has one."""
        return Worker(self.load)

    def check_file(self) -> None:
        """Raise for what is plain without running the file: missing, broken, not started."""
        try:
            todo = _todo(self.path.read_text(encoding="utf-8-sig"))
        except FileNotFoundError:
            raise self._unfit("the file is missing", "the kata's file in its place") from None
        except OSError as error:
            seen = f"the file cannot be read: {error.strerror}"
            raise self._unfit(seen, "a Python file that may be read") from None
        except UnicodeDecodeError as error:
            seen = f"the file is not UTF-8 text ({error.reason})"
            raise self._unfit(seen, "a Python file saved as UTF-8") from None
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            place = f"line {error.lineno}: {error.text}" if getattr(error, "text", None) else ""
            seen = f"{type(error).__name__}: {getattr(error, 'msg', error)}\n{place.rstrip()}"
            raise self._unfit(seen, "a file that Python can read") from None
        if todo and set(self.kata.functions) <= todo:
            self.broken = True
            raise NotStarted("` and `".join(self.kata.functions))

    def _unfit(self, seen: str, expected: str) -> Wrong:
        self.broken = True
        return Wrong(seen, expected)
