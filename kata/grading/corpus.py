"""The corpus of attacks: what a clever and hostile student might hand in, for every kata.

A file of `tests/attacks/` is one attack, in one of three forms. It defines

    attack(name, /, *args, **kwargs)   hostile code, which is never imported here: a kata's file is
                                       made of its text, each function of the kata calling `attack`
    source(kata)                       a builder of the hostile content of a kata's file
    make(folder, kata)                 a builder of a hostile submission, a folder or an archive;
                                       returns its path

Its docstring says what it tries; the constants at its top are
    CLASS  one of CLASSES
    LEVEL  the lowest level of isolation at which it may be tried; any without it
    AIM    the kata on which it bites, beside those on which every attack is tried
"""

import ast
import runpy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kata.manifest import ROOT, SOLUTIONS, Kata

FOLDER = ROOT / "tests" / "attacks"
CODE, FILE, SUBMISSION = FORMS = ("code", "file", "submission")
HOOKS = {"attack": CODE, "source": FILE, "make": SUBMISSION}
CLASSES = (
    "leaving early",
    "lying objects",
    "patching the judge",
    "reading the answer",
    "changing the expected value",
    "forging the result",
    "smuggling configuration",
    "swallowing the timeout",
    "bombs",
    "outliving the call",
    "killing or reading the parent",
    "network",
    "pickles",
    "hard-coded and cached answers",
    "returning the library's own",
    "archive tricks",
    "answers that choke the judge",
    "files that choke the reader",
)
NOTHING = "def nothing(name, /, *args, **kwargs):\n    return None\n"


@dataclass(frozen=True)
class Attack:
    """One attack.

    kind   its class, one of CLASSES
    form   CODE, FILE or SUBMISSION
    doc    what it tries
    level  the lowest level of isolation at which it may be tried, "" for any
    aim    the name of a kata on which it bites, "" for none
    """

    path: Path
    kind: str
    form: str
    doc: str
    level: str = ""
    aim: str = ""

    @property
    def name(self) -> str:
        return self.path.stem

    def source(self, kata: Kata) -> bytes:
        """A file in which no function is right, and the attack is in each. Not for SUBMISSION."""
        if self.form == CODE:
            return f"{self._text}\n\n{_hollow(kata.functions, 'attack')}".encode()
        content = self._builder("source")(kata)
        return content if isinstance(content, bytes) else content.encode()

    def half(self, kata: Kata) -> bytes:
        """A file whose first function is honest, with the attack in all others. Only for CODE."""
        reference = kata.file(SOLUTIONS).read_text(encoding="utf-8")
        return f"{self._text}\n\n{reference}\n\n{_hollow(kata.functions[1:], 'attack')}".encode()

    def honest_source(self, kata: Kata) -> bytes:
        """`source` with the attack removed: what that earns, the attack may earn, too."""
        return f"{self._honest_text}\n\n{_hollow(kata.functions, self._honest_hook)}".encode()

    def honest_half(self, kata: Kata) -> bytes:
        """`half` with the attack removed."""
        reference = kata.file(SOLUTIONS).read_text(encoding="utf-8")
        rest = _hollow(kata.functions[1:], self._honest_hook)
        return f"{self._honest_text}\n\n{reference}\n\n{rest}".encode()

    def make(self, folder: Path, kata: Kata) -> Path:
        """Build the submission in an empty folder and return its path. Only for SUBMISSION."""
        return self._builder("make")(folder, kata)

    @property
    def _text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def _honest_hook(self) -> str:
        """An attack that returns something says itself what it would return without its trick."""
        return "honest" if self.form == CODE and "\ndef honest(" in self._text else "nothing"

    @property
    def _honest_text(self) -> str:
        return self._text if self._honest_hook == "honest" else NOTHING

    def _builder(self, name: str) -> Callable:
        return runpy.run_path(str(self.path))[name]


def attacks(folder: Path = FOLDER) -> list[Attack]:
    """All attacks, class by class."""
    found = map(read_attack, sorted(folder.glob("*.py")))
    return sorted(found, key=lambda attack: CLASSES.index(attack.kind))


def read_attack(path: Path) -> Attack:
    """Look at an attack without running it. Raises ValueError where its head is incomplete."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    doc = (ast.get_docstring(tree) or "").partition("\n")[0]
    constants = {
        statement.targets[0].id: statement.value.value
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        and isinstance(statement.targets[0], ast.Name)
        and isinstance(statement.value, ast.Constant)
    }
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    forms = [form for hook, form in HOOKS.items() if hook in functions]
    kind = constants.get("CLASS")
    if len(forms) != 1 or kind not in CLASSES or not doc:
        raise ValueError(
            f"{path}: an attack has a docstring, a CLASS and one of {', '.join(HOOKS)}"
        )
    return Attack(path, kind, forms[0], doc, constants.get("LEVEL", ""), constants.get("AIM", ""))


def nothing_right(kata: Kata) -> bytes:
    """A harmless file in which no function is right."""
    return f"{NOTHING}\n\n{_hollow(kata.functions, 'nothing')}".encode()


def _hollow(functions: tuple[str, ...], hook: str) -> str:
    """Definitions of these functions that hand everything on."""
    return "\n\n".join(
        f"def {name}(*args, **kwargs):\n    return {hook}({name!r}, *args, **kwargs)\n"
        for name in functions
    )
