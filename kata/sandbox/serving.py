"""The worker's side of a grading: it serves one kata's file, within what rights it was left.

It believes nothing to be safe: whatever the learner's code does to this process, all that leaves it
are bytes, which `kata.sandbox.remote` reads as what they are.
"""

import socket
import traceback
from pathlib import Path
from types import ModuleType

from kata.crossing import PLAIN, message_of, pack, parts_of
from kata.evidence import Files, Link, read_files, write_files
from kata.exercise import leaves_early
from kata.manifest import EXERCISES, Kata
from kata.sandbox.wire import Channel, WireError
from kata.worker import Worker, load_file

LONGEST_TEXT = 20_000
MOST_REQUEST = 2**30
READY = b"ready"  # what a worker says first: that it has given up its rights


def serve(end: socket.socket, folder: Path) -> None:
    """Answer requests until nobody asks any more.

    The first message to it is the text of the kata's file and its place in the folder; each further
    one asks one thing of a worker, which is new where a test begins.
    """
    channel = Channel(end)
    channel.send(READY)
    tree, blobs = parts_of(channel.receive(MOST_REQUEST))
    path = folder / tree["path"]
    path.parent.mkdir(parents=True)
    path.write_bytes(blobs[0])
    server = _Server(path, folder)
    while True:
        try:
            request = channel.receive(MOST_REQUEST)
        except WireError:
            return
        channel.send(server.answer(request))


class _Server:
    def __init__(self, path: Path, folder: Path):
        self.path = path
        self.folder = folder
        self.is_loading = False
        self.module: ModuleType | None = None
        self.worker: Worker | None = None

    def answer(self, message: bytes) -> bytes:
        tree, blobs = parts_of(message)
        if "picture" in tree:
            return self._picture(tree["picture"], blobs[0])
        if tree["begins"]:
            self.worker = Worker(self._load)
        own = None if tree["own"] is None else self.folder / tree["own"]
        if own is not None:
            own.mkdir(parents=True, exist_ok=True)
            write_files(own, files_of(tree["files"], blobs))
        try:
            told, bulk = {}, [self.worker.answer(blobs[0])]
        except BaseException as error:
            told, bulk = self._told(error), []
        files = tree_of(read_files(own), bulk)
        return message_of({**told, "files": files}, bulk)

    def _picture(self, fields: dict, show: bytes) -> bytes:
        """What `kata show` draws of the file. What it draws it by came with the request."""
        from kata.show import as_image, view

        kata = Kata(**{**fields, "root": self.folder})
        kata.show.parent.mkdir(parents=True, exist_ok=True)
        kata.show.write_bytes(show)
        return message_of({}, [pack(as_image(view(kata, EXERCISES).picture))])

    def _load(self) -> ModuleType:
        """The file is run once: what it keeps between the tests of a run gives itself away."""
        if self.module is None:
            self.is_loading = True
            self.module = load_file(self.path)
            self.is_loading = False
        return self.module

    def _told(self, error: BaseException) -> dict:
        """An error as plain values: its class and what that derives from, what it says, where."""
        kinds = [kind for kind in type(error).__mro__ if kind is not object]
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == str(self.path)]
        return {
            "kinds": [kind.__name__[:100] for kind in kinds],
            "module": str(type(error).__module__)[:100],
            "raised_in": frames[-1].name,
            "is_left": leaves_early(error) or isinstance(error, KeyboardInterrupt),
            "text": _text(error)[:LONGEST_TEXT],
            "arguments": _arguments(error),
            "line": lines[-1] if lines else None,
            "is_loading": self.is_loading,
        }


def files_of(tree: dict | None, blobs: list[bytes]) -> Files | None:
    """Files as they crossed: the place of their bytes among the blobs, or a name, or neither."""
    if tree is None:
        return None
    return {
        name: Link(place) if isinstance(place, str) else None if place is None else blobs[place]
        for name, place in tree.items()
    }


def tree_of(files: Files | None, blobs: list[bytes]) -> dict | None:
    """The files as a tree, their bytes added to the blobs."""
    if files is None:
        return None
    tree = {}
    for name, content in files.items():
        if isinstance(content, bytes):
            blobs.append(content)
            content = len(blobs) - 1
        tree[name] = content.name if isinstance(content, Link) else content
    return tree


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except BaseException:
        return "(an error that cannot say what it is)"


def _arguments(error: BaseException) -> list | None:
    """What the error was made of, where that is little and plain; else None."""
    values = error.args
    if isinstance(error, OSError) and error.errno is not None:
        values = (error.errno, error.strerror, str(error.filename))
    is_plain = len(values) <= 5 and all(
        type(value) in PLAIN and len(str(value)) <= LONGEST_TEXT for value in values
    )
    return list(values) if is_plain else None
