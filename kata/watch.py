"""`kata watch`: on saving a stub, judge that kata and show the result.

Saved files, pressed keys and what the runner tells are events. They meet in one queue, and the
`Watcher` takes them one after the other.
"""

import queue
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from kata.changes import FILES, file_events_work, saves, settings
from kata.command_line import run_prefix
from kata.errors import KataError
from kata.files import content_hash
from kata.hint import show_hint
from kata.keyboard import single_keys
from kata.manifest import EXERCISES, Kata, Manifest, load_manifest
from kata.progress import load_progress
from kata.reset import reset
from kata.runner import Ended, Failed, Ready, Runner
from kata.verdict import NOT_STARTED

ON_ONE_SCREEN = ["-q", "--no-header", "--brief", "--disable-warnings", "-p", "no:cacheprovider"]
ON_ONE_SCREEN += ["--timeout=30"]  # a test takes a second or two; nobody waits a minute
LIMIT = 300  # seconds for a kata; each of its tests has a limit of its own


@dataclass(frozen=True)
class Saved:
    """Files that changed together; some may be gone."""

    paths: frozenset[Path]


@dataclass(frozen=True)
class Pressed:
    key: str


@dataclass(frozen=True)
class Blind:
    """Saves are not heard of any more."""

    reason: str


Event = Saved | Pressed | Blind | Ready | Failed | Ended


def watch_katas(root: Path, name: str | None, poll: bool) -> None:
    """Judge what is saved until `q` or Ctrl-C.

    name  a kata or a lesson, or None for all
    poll  look again and again instead of waiting for the system to tell
    Raises ManifestError when nothing is called so.
    """
    scope_of(load_manifest(root), name)
    events, stop = queue.SimpleQueue(), threading.Event()
    is_told = not poll and file_events_work(root)
    for ended in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, ended):
            signal.signal(getattr(signal, ended), _leave)
    runner = Runner(events.put, root)
    try:
        with single_keys() as terminal:
            _tell(events.put, _saved_files(root, not is_told, stop, saves))
            _tell(events.put, _saved_files(root, not is_told, stop, settings))
            if terminal:
                _tell(events.put, _pressed_keys(terminal.keys))
            watcher = Watcher(root, name, runner, Console(highlight=False), bool(terminal))
            watcher.mend = terminal.mend if terminal else watcher.mend
            if not is_told:
                watcher.say_that_it_polls(asked=poll)
            watcher.run(_one_by_one(events))
    except KeyboardInterrupt:
        pass  # the usual way to end a watcher
    finally:
        stop.set()
        runner.close()


def scope_of(manifest: Manifest, name: str | None) -> tuple[str, tuple[Kata, ...]]:
    """The katas that a name stands for, of a lesson or of a kata, and what to call them."""
    if name is None:
        return "all lessons", manifest.katas
    wanted = name.strip("/").removeprefix(f"{EXERCISES}/")
    for lesson in manifest.lessons:
        number, _, word = lesson.name.partition("_")
        if wanted in (lesson.name, number, word):
            return lesson.name, lesson.katas
    kata = manifest.find(name)
    return kata.id, (kata,)


class Watcher:
    """What is watched, what was judged last, and what each event makes of it."""

    def __init__(
        self, root: Path, name: str | None, runner: Runner, console: Console, has_keys: bool
    ):
        self.root = root
        self.name = name
        self.runner = runner
        self.console = console
        self.has_keys = has_keys
        self.mend: Callable[[], object] = lambda: None
        self._manifest = load_manifest(root)
        self._current: Kata | None = None  # what the keys are about
        self._judged: tuple[Kata, ...] = ()  # what is judged again on Enter
        self._number: int | None = None  # of what is running
        self._known: dict[str, str | None] = {}  # contents that need no judgement
        self._was_ready = False
        self._asking = False
        self._has_quit = False

    def run(self, events: Iterable[Event]) -> None:
        """Take events until one of them is to quit."""
        self._welcome()
        for event in events:
            self._react(event)
            if self._has_quit:
                return

    def say_that_it_polls(self, asked: bool) -> None:
        why = "as asked" if asked else "the system does not tell of saves in this folder"
        self.console.print(f"[yellow]Polling[/]: {why}, so the files are looked at all the time.")

    def _react(self, event: Event) -> None:
        match event:
            case Saved(paths):
                self._take_saved(paths)
            case Pressed(key):
                self._take_key(key)
            case Ended():
                self._take_end(event)
            case Ready():
                self._take_ready()
            case Failed():
                self._take_failure()
            case Blind(reason):
                again = f"{run_prefix()}kata watch --poll"
                self.console.print(f"[red]Saves are not seen any more[/]: {reason}\n  try  {again}")

    # What is saved

    def _take_saved(self, paths: frozenset[Path]) -> None:
        if any(self._is_tooling(path) for path in paths):
            self._start_anew()
            return
        _, katas = self._scope()
        saved = [kata for kata in katas if self._is_about(kata, paths)]
        for kata in saved:
            if not kata.file(EXERCISES).exists():
                gone = f"{EXERCISES}/{kata.id}.py"
                self._note(f"{gone} is gone. Its stub: {run_prefix()}kata reset {kata.name}")
        there = [kata for kata in saved if kata.file(EXERCISES).exists()]
        if any(self._known.get(kata.id) != self._contents(kata) for kata in there):
            self._judge(there)

    def _is_tooling(self, path: Path) -> bool:
        return path.is_relative_to(self.root / "kata") or path in [self.root / f for f in FILES]

    @staticmethod
    def _is_about(kata: Kata, paths: frozenset[Path]) -> bool:
        return not paths.isdisjoint((kata.file(EXERCISES), kata.suite, kata.zoo))

    @staticmethod
    def _contents(kata: Kata) -> tuple:
        return tuple(map(content_hash, (kata.file(EXERCISES), kata.suite, kata.zoo)))

    def _start_anew(self) -> None:
        """The tooling changed: judge by it what was judged last."""
        self._number, self._was_ready = None, False
        self.runner.restart()
        try:
            self._manifest = load_manifest(self.root)
            self._scope()
        except KataError as error:
            self._note(str(error))
            return
        self._note("What judges has changed, so everything is imported anew.")
        if self._judged:
            self._judge(self._judged)

    def _scope(self) -> tuple[str, tuple[Kata, ...]]:
        return scope_of(self._manifest, self.name)

    # What is judged

    def _judge(self, katas: Iterable[Kata]) -> None:
        """Run the suites of these katas, in place of what is running."""
        there = tuple(kata for kata in katas if kata.file(EXERCISES).exists())
        if not there:
            self._note(f"There is no file. A fresh stub: {run_prefix()}kata reset")
            return
        self._judged = there
        self._current = self._judged[0]
        self._known = {kata.id: now for kata, now in self._as_they_are()}
        name = self._judged[0].id if len(self._judged) == 1 else f"{len(self._judged)} katas"
        self._header(name)
        files = [f"{EXERCISES}/{kata.id}.py" for kata in self._judged]
        command = ["pytest", *files, *ON_ONE_SCREEN]
        self._number = self.runner.start(command, LIMIT * len(files))

    def _take_end(self, end: Ended) -> None:
        if end.number != self._number:
            return
        known, self._number, self._known = self._known, None, {}
        self.mend()
        if self.console.is_terminal:
            self.console.file.write("\x1b[0m\x1b[?25h")  # colours off, the cursor there
        if end.status is None:
            self.console.print(f"\n[bold red]No verdict[/]: {escape(end.trouble)}.")
        if any(known.get(kata.id, now) != now for kata, now in self._as_they_are()):
            self._judge(self._judged)  # polling does not tell of a second save within a second
            return
        self._footer()

    def _as_they_are(self) -> list[tuple[Kata, tuple]]:
        return [(kata, self._contents(kata)) for kata in self._judged]

    def _take_ready(self) -> None:
        if not self._was_ready and self._number is None:
            self.console.print("[dim]Ready: save a file, and it is judged.[/]")
        self._was_ready = True

    def _take_failure(self) -> None:
        self._number = None
        doctor = f"{run_prefix()}kata doctor"
        self._note(f"[red]The libraries cannot be imported[/], as said above.\n  why  {doctor}")

    # What is pressed

    def _take_key(self, key: str) -> None:
        if self._asking:
            self._asking = False
            self._reset(key)
        elif key in KEYS:
            KEYS[key][1](self)

    def _again(self) -> None:
        if katas := self._judged or ((self._current,) if self._current else ()):
            self._judge(katas)

    def _all(self) -> None:
        self._judge(self._scope()[1])

    def _hint(self) -> None:
        if self._current:
            show_hint(self._current)
            self._footer()

    def _picture(self) -> None:
        if self._current:
            self._header(f"{self._current.id}: picture")
            self._number = self.runner.start(["kata", "show", self._current.id], LIMIT)

    def _ask_to_reset(self) -> None:
        if self._current:
            path = f"{EXERCISES}/{self._current.id}.py"
            self.console.print(f"Write {path} anew? Your file is kept aside. \\[y/n] ", end="")
            self._asking = True

    def _reset(self, key: str) -> None:
        self.console.print(escape(key) if key.isprintable() else "n")
        if key not in "yY":
            self._note("Left as it was.")
            return
        try:
            reset(self._current)
        except KataError as error:
            self._note(str(error))
            return
        self._known[self._current.id] = self._contents(self._current)  # a stub is no verdict
        self._footer()

    def _next(self) -> None:
        """Go to the next kata that is not done, after the current one and from the start again."""
        progress = load_progress(self._manifest)
        self._go_to(progress.next_kata(self._current, self._scope()[1]), progress)

    def _quit(self) -> None:
        self._has_quit = True

    def _help(self) -> None:
        for key, (words, _) in KEYS.items():
            if words:
                self.console.print(f"  [bold]{key if key.strip() else 'Enter'}[/]  {words}")

    # What is shown

    def _welcome(self) -> None:
        """Say where one is; judge the next kata when it is started."""
        name, katas = self._scope()
        progress = load_progress(self._manifest)
        done = sum(map(progress.is_done, katas))
        self.console.print(f"[bold]Watching {name}[/]: {done} of {len(katas)} katas done")
        self.console.print("[dim]The libraries are imported once, which takes some seconds.[/]")
        self._current = next(iter(katas), None)
        self._go_to(progress.next_kata(among=katas), progress)

    def _go_to(self, kata: Kata | None, progress) -> None:
        if kata is None:
            self._note("[green]All that is watched is done.[/]")
            return
        self._current, self._judged = kata, (kata,)
        if progress.state(kata) != NOT_STARTED:
            self._judge([kata])
            return
        self.console.print(f"\n[bold]Next[/]   {escape(kata.title)} (about {kata.minutes} minutes)")
        self.console.print(f"  read   {EXERCISES}/{kata.lesson}/README.md")
        self.console.print(f"  write  {EXERCISES}/{kata.id}.py")
        self._footer()

    def _header(self, text: str) -> None:
        if self.console.is_terminal:
            self.console.clear()
        self.console.print(f"[bold]{text}[/]  {time.strftime('%H:%M:%S')}", soft_wrap=True)
        if not self.runner.is_ready:
            self.console.print("[dim]As soon as the libraries are imported ...[/]")

    def _note(self, text: str) -> None:
        self.console.print(text, soft_wrap=True)
        self._footer()

    def _footer(self) -> None:
        keys = "a all  h hint  p picture  r reset  n next  q quit  ? keys"
        self.console.print(f"\n[dim]{keys if self.has_keys else 'Waiting for a save.'}[/]")


KEYS = {
    "\n": ("judge it again", Watcher._again),
    "\r": ("", Watcher._again),
    " ": ("", Watcher._again),
    "a": ("judge all that is watched", Watcher._all),
    "h": ("the next hint", Watcher._hint),
    "p": ("a picture of what your code makes, beside the reference", Watcher._picture),
    "r": ("a fresh stub; your file is kept aside", Watcher._ask_to_reset),
    "n": ("the next kata that is not done", Watcher._next),
    "q": ("quit", Watcher._quit),
    "?": ("these keys", Watcher._help),
}


def _saved_files(root: Path, polling: bool, stop: threading.Event, look) -> Iterator[Event]:
    try:
        for paths in look(root, polling, stop):
            yield Saved(frozenset(paths))
    except (OSError, RuntimeError) as error:  # as many files are watched as the system allows
        yield Blind(str(error))


def _pressed_keys(keys: Iterator[str]) -> Iterator[Event]:
    for key in keys:
        yield Pressed(key)
    yield Pressed("q")  # the terminal is gone


def _tell(post: Callable[[Event], object], events: Iterator[Event]) -> None:
    threading.Thread(target=lambda: [post(event) for event in events], daemon=True).start()


def _one_by_one(events: queue.SimpleQueue) -> Iterator[Event]:
    while True:
        try:
            yield events.get(timeout=1)  # without one, Windows does not hear Ctrl-C
        except queue.Empty:
            continue


def _leave(number: int, frame) -> None:
    raise SystemExit(128 + number)
