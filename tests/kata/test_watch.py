"""`kata watch`: what it makes of files that are saved and keys that are pressed."""

import io
import os
import threading
from pathlib import Path

import pytest
from rich.console import Console

from kata import changes
from kata.changes import file_events_work, saves, settings
from kata.errors import KataError
from kata.files import content_hash
from kata.manifest import load_manifest
from kata.progress import Record, remember
from kata.runner import Ended, Failed, Ready
from kata.watch import Blind, Pressed, Saved, Watcher, scope_of

MANIFEST = """
[[lesson]]
name = "01_data"
title = "Data"
{first}
{second}
[[lesson]]
name = "02_training"
title = "Training"
{third}
"""
KATA = """
[[lesson.kata]]
name = "{name}"
title = "About {name}"
minutes = 5
concepts = ["noise"]
functions = ["{name}"]
hints = ["look at {name}", "look again", "nearly there"]
"""
STUB = 'def {name}():\n    # TODO: write it.\n    raise NotImplementedError("TODO: {name}")\n'
WRITTEN = "def {name}():\n    return 1\n"


class FakeRunner:
    """Remembers what it was asked for."""

    is_ready = True

    def __init__(self):
        self.asked = []

    @property
    def commands(self):
        return [asked for asked in self.asked if isinstance(asked, list)]

    def start(self, command, limit):
        self.asked.append(command)
        return len(self.commands)

    def restart(self):
        self.asked.append("restart")


class House:
    """Three katas of which none is started, and a watcher with a fake runner."""

    def __init__(self, root: Path):
        self.root = root
        names = {"first": "load", "second": "crop", "third": "noise"}
        katas = {key: KATA.format(name=name) for key, name in names.items()}
        (root / "katas.toml").write_text(MANIFEST.format(**katas))
        for kata in load_manifest(root).katas:
            for path in (kata.file("exercises"), kata.suite):
                path.parent.mkdir(parents=True, exist_ok=True)
            kata.suite.write_text("def test_it(): pass\n")
            kata.file("exercises").write_text(STUB.format(name=kata.name))
        self.load, self.crop, self.noise = load_manifest(root).katas
        self.runner = FakeRunner()

    def write(self, kata) -> Path:
        kata.file("exercises").write_text(WRITTEN.format(name=kata.name))
        return kata.file("exercises")

    def watch(self, *events, name=None, has_keys=True, terminal=False) -> str:
        """Have a watcher take these events, calling those that are functions; return its output."""
        output = io.StringIO()
        console = Console(file=output, width=80, force_terminal=terminal, highlight=False)
        watcher = Watcher(self.root, name, self.runner, console, has_keys)
        watcher.run(event for event in events if not callable(event) or event())
        return output.getvalue()


@pytest.fixture
def house(tmp_path) -> House:
    return House(tmp_path)


def saved(*paths: Path) -> Saved:
    return Saved(frozenset(paths))


def files(command: list[str]) -> list[str]:
    assert command[0] == "pytest"
    return [argument for argument in command if argument.startswith("exercises/")]


def test_a_saved_kata_is_judged_and_no_other(house):
    house.watch(saved(house.write(house.crop)))
    assert [files(command) for command in house.runner.commands] == [["exercises/01_data/crop.py"]]


def test_nothing_is_judged_before_a_save_when_nothing_is_started(house):
    output = house.watch(Ready())
    assert house.runner.commands == []
    assert "0 of 3 katas done" in output
    assert "exercises/01_data/load.py" in output
    assert "Ready: save a file" in output


def test_the_next_kata_is_judged_at_once_when_it_is_started(house):
    house.write(house.load)
    house.watch(Ready())
    assert [files(command) for command in house.runner.commands] == [["exercises/01_data/load.py"]]


def test_katas_that_are_saved_together_are_judged_together(house):
    house.watch(saved(house.write(house.crop), house.write(house.noise)))
    both = ["exercises/01_data/crop.py", "exercises/02_training/noise.py"]
    assert [files(command) for command in house.runner.commands] == [both]


def test_a_second_word_of_the_same_save_gives_no_second_run(house):
    path = house.write(house.crop)
    house.watch(saved(path), saved(path))
    assert len(house.runner.commands) == 1


def test_a_new_save_while_judging_starts_anew(house):
    path = house.write(house.crop)
    house.watch(
        saved(path), lambda: path.write_text("def crop(): return 2\n") and None, saved(path)
    )
    assert len(house.runner.commands) == 2


def test_what_was_saved_unheard_while_judging_is_judged_when_that_is_over(house):
    path = house.write(house.crop)
    house.watch(
        saved(path),
        lambda: path.write_text("def crop(): return 2\n") and None,
        Ended(1, 1),
        Ended(2, 1),
    )
    assert len(house.runner.commands) == 2


def test_a_save_after_the_verdict_is_judged_though_nothing_changed(house):
    path = house.write(house.crop)
    house.watch(saved(path), Ended(1, 1), saved(path))
    assert len(house.runner.commands) == 2


def test_the_end_of_a_run_that_was_replaced_is_not_told(house):
    path = house.write(house.load)
    other = house.write(house.crop)
    output = house.watch(saved(path), saved(other), Ended(1, None, "it was stopped"))
    assert "it was stopped" not in output


def test_a_suite_judges_its_kata_again(house):
    house.watch(saved(house.noise.suite))
    expected = ["exercises/02_training/noise.py"]
    assert [files(command) for command in house.runner.commands] == [expected]


def test_other_files_and_katas_out_of_scope_are_passed_over(house):
    other = house.root / "exercises/01_data/notes.py"
    house.watch(saved(other), saved(house.write(house.noise)), name="01_data")
    assert house.runner.asked == []


def test_a_file_that_is_gone_is_told_and_not_judged(house):
    path = house.load.file("exercises")
    path.unlink()
    output = house.watch(saved(path))
    assert house.runner.commands == []
    assert "exercises/01_data/load.py is gone" in output
    assert "kata reset load" in output


def test_changed_tooling_is_imported_anew_and_judges_the_last_kata_again(house):
    path = house.write(house.load)
    house.watch(saved(path), Ended(1, 1), saved(house.root / "kata/expect.py"))
    assert house.runner.asked[1] == "restart"
    assert files(house.runner.asked[2]) == ["exercises/01_data/load.py"]


def test_a_broken_manifest_is_told_and_watching_goes_on(house):
    manifest = house.root / "katas.toml"
    output = house.watch(
        lambda: manifest.write_text("[[lesson") and None,
        saved(manifest),
        saved(house.write(house.crop)),
    )
    assert "katas.toml is not valid TOML" in output
    assert files(house.runner.commands[-1]) == ["exercises/01_data/crop.py"]


def test_a_run_that_gave_no_verdict_says_why(house):
    trouble = "your code ended the process that judged it (SIGKILL)"
    output = house.watch(saved(house.write(house.load)), Ended(1, None, trouble))
    assert f"No verdict: {trouble}." in output


def test_libraries_that_cannot_be_imported_send_to_the_doctor(house):
    assert "kata doctor" in house.watch(Failed())


def test_the_end_of_file_events_says_what_to_type(house):
    assert "kata watch --poll" in house.watch(Blind("no space left"))


@pytest.mark.parametrize("key", ["\n", " ", "\r"])
def test_enter_and_space_judge_again(house, key):
    house.watch(saved(house.write(house.crop)), Ended(1, 0), Pressed(key))
    assert files(house.runner.commands[1]) == ["exercises/01_data/crop.py"]


def test_a_judges_all_that_is_watched(house):
    house.watch(Pressed("a"), name="01_data")
    both = ["exercises/01_data/load.py", "exercises/01_data/crop.py"]
    assert [files(command) for command in house.runner.commands] == [both]


def test_h_shows_one_hint_further_at_each_press(house, capsys):
    house.watch(Pressed("h"), Pressed("h"))
    output = capsys.readouterr().out
    assert output.index("look at load") < output.index("look again")
    assert "nearly there" not in output


def test_p_draws_the_current_kata(house):
    house.watch(saved(house.write(house.crop)), Ended(1, 0), Pressed("p"))
    assert house.runner.commands[1] == ["kata", "show", "01_data/crop"]


def test_n_goes_to_the_next_kata_that_is_not_done(house):
    path = house.write(house.crop)
    record = Record(content_hash(path), content_hash(house.crop.suite), {"t": 1}, {"t": "passed"})
    remember(house.root, [(house.crop.id, record)])
    output = house.watch(Pressed("n"))
    assert "exercises/02_training/noise.py" in output
    assert house.runner.commands == []


def test_n_judges_the_next_kata_when_it_is_started(house):
    house.write(house.crop)
    house.watch(Pressed("n"))
    assert [files(command) for command in house.runner.commands] == [["exercises/01_data/crop.py"]]


@pytest.mark.parametrize("key", ["n", "\n", "q"])
def test_r_leaves_the_file_unless_the_answer_is_yes(house, key, monkeypatch):
    monkeypatch.setattr("kata.watch.reset", lambda kata: pytest.fail("it was reset"))
    output = house.watch(Pressed("r"), Pressed(key), Pressed("?"))
    assert "Left as it was" in output
    assert "the next hint" in output  # it was an answer, and no key to quit by


def test_r_writes_a_stub_whose_save_is_no_reason_to_judge(house, monkeypatch):
    path = house.write(house.load)
    stub = STUB.format(name="load")
    monkeypatch.setattr("kata.watch.reset", lambda kata: path.write_text(stub))
    house.watch(Ended(1, 1), Pressed("r"), Pressed("y"), saved(path))
    assert path.read_text() == stub
    assert len(house.runner.commands) == 1  # at the start


def test_a_reset_that_fails_says_why_and_watching_goes_on(house, monkeypatch):
    def refuse(kata):
        raise KataError("There is no fresh stub.")

    monkeypatch.setattr("kata.watch.reset", refuse)
    output = house.watch(Pressed("r"), Pressed("y"), saved(house.write(house.load)))
    assert "There is no fresh stub." in output
    assert len(house.runner.commands) == 1


def test_q_quits_and_no_event_is_taken_after_it(house):
    house.watch(Pressed("q"), saved(house.write(house.crop)))
    assert house.runner.commands == []


def test_the_screen_is_cleared_on_a_terminal_only(house):
    path = house.write(house.load)
    assert "\x1b[2J" in house.watch(saved(path), terminal=True)
    assert "\x1b" not in house.watch(saved(path), terminal=False)


def test_keys_are_offered_where_there_are_keys_only(house):
    assert "q quit" in house.watch(has_keys=True)
    assert "q quit" not in house.watch(has_keys=False)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (None, ["load", "crop", "noise"]),
        ("01_data", ["load", "crop"]),
        ("01", ["load", "crop"]),
        ("training", ["noise"]),
        ("exercises/01_data/", ["load", "crop"]),
        ("crop", ["crop"]),
        ("exercises/01_data/crop.py", ["crop"]),
    ],
)
def test_a_lesson_or_a_kata_is_watched(house, name, expected):
    _, katas = scope_of(load_manifest(house.root), name)
    assert [kata.name for kata in katas] == expected


def test_a_name_that_nothing_has_suggests_the_nearest(house):
    with pytest.raises(KataError, match="Did you mean `noise`"):
        scope_of(load_manifest(house.root), "noize")


# Files that really change


@pytest.fixture(params=[False, True], ids=["told", "polling"])
def looking(request, monkeypatch):
    monkeypatch.setattr(changes, "POLL", 20)
    return request.param


def first(look, root: Path, polling: bool, act) -> set[Path]:
    """What is told first after `act` was done."""
    for path in root.rglob("*.*"):
        os.utime(path, (0, 0))  # whoever looks again and again compares whole seconds
    stop = threading.Event()
    told = look(root, polling, stop)
    beginning = threading.Timer(0.15, act)  # once the watching has begun
    beginning.start()
    try:
        return next(told)
    finally:
        stop.set()
        beginning.join()
        told.close()


def replace(path: Path, text: str) -> None:
    """Save as many editors do."""
    temporary = path.with_name(f".{path.name}.swp")
    temporary.write_text(text)
    os.replace(temporary, path)


def test_a_file_that_is_replaced_is_told(house, looking):
    path = house.load.file("exercises")
    assert path in first(saves, house.root, looking, lambda: replace(path, "changed = True\n"))


def test_several_saves_in_a_row_are_told_once(house):
    paths = [house.load.file("exercises"), house.crop.file("exercises")]

    def save_all():
        for text in "abc":
            for path in paths:
                replace(path, text)

    assert first(saves, house.root, False, save_all) == set(paths)


def test_settings_in_the_root_are_told_and_other_files_there_are_not(house, looking):
    def save():
        replace(house.root / "other.toml", "")
        replace(house.root / "katas.toml", "# changed\n")

    assert first(settings, house.root, looking, save) == {house.root / "katas.toml"}


def test_file_events_are_found_to_work_by_a_file_that_does_not_stay(tmp_path):
    assert file_events_work(tmp_path)
    assert list((tmp_path / ".kata").iterdir()) == []


def test_events_that_do_not_come_are_found_out_and_polling_is_said(house, monkeypatch):
    monkeypatch.setattr(changes, "watch", lambda *paths, **options: iter([set()] * 20))
    assert not file_events_work(house.root)
    output = io.StringIO()
    watcher = Watcher(house.root, None, house.runner, Console(file=output), False)
    watcher.say_that_it_polls(asked=False)
    assert "Polling: the system does not tell of saves" in output.getvalue()
