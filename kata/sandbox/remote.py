"""The judge's side of a grading: a worker in another process, whose bytes are not believed."""

import builtins
import contextlib
import json
import re
from pathlib import Path, PurePosixPath

from PIL import Image, UnidentifiedImageError

from kata import probes
from kata.crossing import CrossingError, message_of, parts_of, unpack
from kata.evidence import MOST_BYTES, Files, Link, read_files, write_files
from kata.manifest import Kata
from kata.sandbox.nursery import Hand, Nursery
from kata.sandbox.serving import files_of, tree_of
from kata.sandbox.wire import WireError
from kata.verdict import Refused
from kata.worker import MissingName

MOST_ANSWER = 2**28
MOST_FILES = 1000
SLOW = "A `while` without an end, `time.sleep`, `input()`, or much more work than was asked for."
NAME = re.compile(r"[\w.<>]{1,200}")
VALUE = "a value; only the suite decides what passes"
RUN_BY_LOADERS = {".py", ".pyc", ".so", ".bin", ".ckpt", ".pkl", ".pickle", ".pth"}
ERRORS = (MissingName, CrossingError, probes.Interruption, UnidentifiedImageError)
OWN_ERRORS = {error.__name__: error for error in ERRORS}


class RemoteWorker:
    """What `kata.worker.Worker` is, for the learner's code of one test in a sandboxed process.

    staff   keeps the process, for this test and for others
    folder  the test's own temporary folder, where it has one
    """

    def __init__(self, staff: "Staff", folder: Path | None):
        self._staff = staff
        self._folder = folder
        self._begins = True
        self._withheld: dict[str, bytes] = {}

    def begin_anew(self) -> None:
        """Have the next request answered by a new process."""
        self._staff.dismiss()
        self._begins = True

    def answer(self, request: bytes) -> bytes:
        """Have one request carried out; raise what the learner's code raised there.

        Raises Refused where the process died, was ended or speaks in other ways than a worker.
        """
        before = read_files(self._folder)
        blobs = [self._staff.there(request)]
        own = None if self._folder is None else str(self._folder.relative_to(self._staff.here))
        files = tree_of(self._with_all(before), blobs)
        tree = {"begins": self._begins, "own": own, "files": files}
        if self._begins:
            self._staff.begin()
            self._begins = False
        told, bulk = self._staff.ask(message_of(tree, blobs))
        try:
            answer, error, after = self._read(told, bulk)
            if after != before:
                write_files(self._folder, after)
        except Exception as trouble:  # whatever comes of reading what may be anything
            seen = f"the process of your code answered with what is no answer ({trouble})"
            raise Refused(seen, VALUE) from None
        if error is not None:
            raise error
        return answer

    def _read(self, told: dict, bulk: list[bytes]):
        """The answer, or the error in its place, and the files that were left."""
        after = files_of(told["files"], bulk)
        after = {} if self._folder is None else self._without_code(_checked(after))
        if "kinds" not in told:
            return self._staff.from_there(bulk[0]), None, after
        if told["is_loading"]:
            self._staff.answer.broken = True
        return None, self._staff.rebuilt(told), after

    def _without_code(self, files: Files) -> Files:
        """The files; those are empty that a loader of a suite's might run."""
        for name, content in files.items():
            if PurePosixPath(name).suffix in RUN_BY_LOADERS and isinstance(content, bytes):
                self._withheld[name] = content
        return {**files, **dict.fromkeys(files.keys() & self._withheld.keys(), b"")}

    def _with_all(self, files: Files | None) -> Files | None:
        """The files as the learner's code had left them."""
        withheld = self._withheld
        return files and {
            name: withheld.get(name, content) if content == b"" else content
            for name, content in files.items()
        }


class Staff:
    """The process that runs one answer's code: hired when it is needed, and anew when it died.

    answer  the `GradedAnswer`; what its file is worth as a whole is noted there
    here    the folder that stands for the worker's own, on the judge's side
    """

    def __init__(self, answer, nursery: Nursery, here: Path):
        self.answer = answer
        self.here = here
        self._nursery = nursery
        self._hand: Hand | None = None

    def ask(self, message: bytes) -> tuple[dict, list[bytes]]:
        """Send a message and return the answer's tree and blobs. Raises Refused."""
        try:
            self._hand.ask(message)
            tree, blobs = parts_of(self._hand.channel.receive(MOST_ANSWER))
            if not isinstance(tree, dict):
                raise CrossingError("no tree")
            return tree, blobs
        except (WireError, CrossingError) as trouble:
            hand, self._hand = self._hand, None
            end = self._nursery.dismiss(hand)
            if hand.excess:
                self.answer.broken = True
                raise Refused(hand.excess, "an answer within these limits", SLOW) from None
            seen = end or f"what your code's process sent is no message ({trouble})"
            raise Refused(seen, VALUE) from None

    def picture(self, kata: Kata) -> Image.Image:
        """What `kata show` draws of the answer. Raises Refused or CrossingError without one."""
        fields = {name: value for name, value in vars(kata).items() if name != "root"}
        self._hire()
        _, bulk = self.ask(message_of({"picture": fields}, [kata.show.read_bytes()]))
        image = unpack(bulk[0]) if bulk else None
        if not isinstance(image, Image.Image):
            raise CrossingError("no picture")
        return image

    def there(self, request: bytes) -> bytes:
        """The request with the worker's folder in the place of the judge's. Hires who is asked."""
        self._hire()
        return _moved(request, str(self.here), str(self._hand.folder))

    def from_there(self, answer: bytes) -> bytes:
        return _moved(answer, str(self._hand.folder), str(self.here))

    def rebuilt(self, told: dict) -> BaseException:
        """The error that the learner's code raised, as one of the same name that runs no code."""
        kinds, text, line = told["kinds"], told["text"], told["line"]
        names = [*kinds, told["module"], told["raised_in"]]
        well_made = all(type(name) is str and NAME.fullmatch(name) for name in names)
        if not (kinds and well_made and type(text) is str and type(line) in (int, type(None))):
            raise CrossingError("no error either")
        here, there = str(self.here), str(self._hand.folder)
        arguments = _replaced(told["arguments"], there, here)
        text = text.replace(there, here)
        error = _made(kinds, told["module"], text, arguments, told["is_left"])
        error.line_of_answer, error.raised_in = line, told["raised_in"]
        return error

    def _hire(self) -> None:
        """Have somebody to ask."""
        if self._hand is None:
            self._hand = self._nursery.hire()
            place = str(self.answer.path.relative_to(self.here))
            text = self.answer.path.read_bytes()
            self._hand.ask(message_of({"path": place}, [text]))

    def begin(self) -> None:
        """A test begins: what it may spend counts from here."""
        self._hand.watchdog.begin()

    def dismiss(self) -> None:
        if self._hand is not None:
            self._nursery.dismiss(self._hand, patience=0)
            self._hand = None


def _made(kinds: list[str], module: str, text: str, arguments, is_left: bool) -> BaseException:
    """An error of one of OWN_ERRORS, or of Python's own, or of a new class of that name."""
    if kinds[0] in OWN_ERRORS:
        return OWN_ERRORS[kinds[0]](text)
    own = {"__module__": module}
    if is_left:
        return type(kinds[0], (BaseException,), own)(text)
    known = [getattr(builtins, kind, None) for kind in kinds]
    bases = [kind for kind in known if isinstance(kind, type) and issubclass(kind, Exception)]
    for base in bases:
        kind = base if base.__name__ == kinds[0] else type(kinds[0], (base,), own)
        for values in ([text] if arguments is None else arguments, [text]):
            with contextlib.suppress(Exception):  # it takes other arguments
                error = kind(*values)
                if str(error) == text:
                    return error
    return type(kinds[0], (Exception,), own)(text)


def _moved(message: bytes, old: str, new: str) -> bytes:
    """The message with every path below one folder changed to one below the other."""
    tree, blobs = parts_of(message)
    return message_of(_replaced(tree, old, new), blobs)


def _replaced(tree: object, old: str, new: str) -> object:
    if isinstance(tree, str):
        return new + tree[len(old) :] if tree == old or tree.startswith(f"{old}/") else tree
    if isinstance(tree, list):
        return [_replaced(part, old, new) for part in tree]
    if isinstance(tree, dict):
        return {key: _replaced(part, old, new) for key, part in tree.items()}
    return tree


def _checked(files: Files | None) -> Files:
    """The files that a worker left, where nothing can come of having them here."""
    if files is None:
        raise CrossingError(f"files of more than {MOST_BYTES} bytes")
    if len(files) > MOST_FILES or sum(map(_size, files.values())) > MOST_BYTES:
        raise CrossingError("too many files, or too large")
    for name, content in files.items():
        path = PurePosixPath(name)
        if not name or path.is_absolute() or ".." in path.parts or str(path) != name:
            raise CrossingError(f"a file called {json.dumps(name)}")
        if isinstance(content, Link) and not isinstance(files.get(content.name), bytes):
            raise CrossingError("a link to nowhere")
    return files


def _size(content: object) -> int:
    return len(content) if isinstance(content, bytes) else 0
