"""Of what a worker in another process says nothing is believed, and an honest one loses nothing."""

import socket
import threading
from types import SimpleNamespace

import pytest
import torch
from diffusers import DDPMScheduler

from kata.crossing import CrossingError, message_of, pack, parts_of, unpack
from kata.exercise import Exercise
from kata.manifest import load_manifest
from kata.probes import Interruption
from kata.sandbox.nursery import Hand
from kata.sandbox.remote import RemoteWorker, Staff
from kata.sandbox.serving import serve
from kata.sandbox.wire import Channel, WireError
from kata.verdict import NotStarted, Refused, Wrong
from kata.worker import MissingName

KATA = load_manifest().find("add_noise")
HEAD = "import torch\n\n"


class FakeNursery:
    """Hires threads in the place of processes: `work(end, folder)` is what each does."""

    def __init__(self, base, work=serve):
        self.base, self.work = base, work
        self.hired = 0

    def hire(self):
        self.hired += 1
        folder = self.base / f"worker-{self.hired}"
        folder.mkdir()
        ours, theirs = socket.socketpair()
        self.thread = threading.Thread(target=self.work, args=[theirs, folder], daemon=True)
        self.thread.start()
        watchdog = SimpleNamespace(begin=lambda: None, excess=lambda: "")
        hand = Hand(0, folder, Channel(ours), watchdog)
        if self.work is serve:
            hand.channel.receive(9)
        return hand

    def dismiss(self, hand, patience=1.0):
        hand.channel.close()
        self.thread.join()
        return "your code ended the process that it runs in, with exit status 0"


@pytest.fixture
def hired(tmp_path):
    """hired(text) is the exercise whose file says that, in a worker behind a socket."""
    staffs = []

    def hire(text="", work=serve, functions=("corrupt",), folder=None):
        here = tmp_path / "here"
        path = here / "exercises" / f"{KATA.id}.py"
        path.parent.mkdir(parents=True)
        path.write_text(HEAD + text)
        answer = SimpleNamespace(path=path, broken=False)
        staffs.append(Staff(answer, FakeNursery(tmp_path, work), here))
        own = here / "files" if folder else None
        if own:
            own.mkdir()
        kata = SimpleNamespace(id=KATA.id, functions=functions)
        exercise = Exercise(kata, RemoteWorker(staffs[-1], own), 0, own)
        exercise.answer = answer
        return exercise

    yield hire
    for staff in staffs:
        if staff._hand:
            staff.dismiss()


def test_values_come_back_and_arguments_stay_as_they_were(hired):
    exercise = hired("def corrupt(x, scheduler):\n    x += 1\n    return x, scheduler\n")
    given = torch.zeros(3)
    result, scheduler = exercise.corrupt(given, DDPMScheduler(num_train_timesteps=7))
    assert torch.equal(result, torch.ones(3)) and torch.equal(given, torch.zeros(3))
    assert scheduler.config.num_train_timesteps == 7
    assert exercise.line[1] == 3


def test_what_stays_there_can_be_used(hired):
    exercise = hired("def corrupt():\n    return lambda x: [x, x]\n")
    assert exercise.corrupt()(2) == [2, 2]


def test_what_begins_anew_is_another_process(hired):
    exercise = hired("KEPT = []\ndef corrupt():\n    KEPT.append(1)\n    return len(KEPT)\n")
    before = [exercise.corrupt(), exercise.corrupt()]
    exercise.begin_anew()
    assert [*before, exercise.corrupt()] == [1, 2, 1]


def raised(exercise, *arguments):
    with pytest.raises(BaseException) as caught:
        exercise.corrupt(*arguments)
    return caught.value


@pytest.mark.parametrize(
    ("statement", "kind", "text"),
    [
        ("raise ValueError('no')", ValueError, "no"),
        ("raise KeyError('a')", KeyError, "'a'"),
        ("open('/nowhere')", FileNotFoundError, "[Errno 2] No such file or directory: '/nowhere'"),
        ("raise NotImplementedError('other')", NotImplementedError, "other"),
        ("'a' + 1", TypeError, 'can only concatenate str (not "int") to str'),
        ("b'\\xff'.decode()", ValueError, "codec can't decode"),
        ("import json; json.loads('{')", ValueError, "Expecting property name"),
    ],
)
def test_an_error_is_raised_here_as_there(hired, statement, kind, text):
    exercise = hired(f"def corrupt():\n    {statement}\n")
    error = raised(exercise)
    assert isinstance(error, kind) and text in str(error)
    assert error.line_of_answer == 4


def test_an_error_of_the_learners_own_keeps_its_name_and_its_base(hired):
    own = "class Own(ValueError):\n    def __str__(self):\n        return 'own words'\n"
    error = raised(hired(f"{own}def corrupt():\n    raise Own(1)\n"))
    assert type(error).__name__ == "Own"
    assert isinstance(error, ValueError)
    assert str(error) == "own words"


def test_a_system_error_keeps_its_parts(hired):
    error = raised(hired("def corrupt(path):\n    open(path)\n"), "/nowhere/at/all")
    assert (error.errno, error.filename) == (2, "/nowhere/at/all")


@pytest.mark.parametrize("own", ["Wrong", "NotStarted", "Refused", "Skipped", "GraderError"])
def test_an_error_called_like_one_of_ours_is_none(hired, own):
    text = f"class {own}(AssertionError):\n    pass\ndef corrupt():\n    raise {own}('x')\n"
    error = raised(hired(text))
    assert type(error).__name__ == own
    assert not isinstance(error, (Wrong, NotStarted, Refused, pytest.skip.Exception))


@pytest.mark.parametrize(
    "statement",
    [
        "import sys; sys.exit(0)",
        "raise KeyboardInterrupt",
        "import pytest; pytest.skip('no')",
        "import pytest; pytest.exit('no', 0)",
        "import unittest; raise unittest.SkipTest",
        "raise type('Own', (BaseException,), {})",
    ],
)
def test_to_leave_the_test_is_wrong(hired, statement):
    error = raised(hired(f"def corrupt():\n    {statement}\n"))
    assert isinstance(error, Wrong) and "left the test" in str(error)


def test_our_own_errors_are_known(hired):
    text = "from kata.probes import Interruption\ndef corrupt():\n    raise Interruption('now')\n"
    assert isinstance(raised(hired(text)), Interruption)


def test_a_stub_is_not_started(hired):
    error = raised(hired("def corrupt():\n    raise NotImplementedError('TODO: corrupt')\n"))
    assert isinstance(error, NotStarted)


def test_a_missing_function_is_named(hired):
    error = raised(hired("def another():\n    pass\n"))
    assert isinstance(error, Wrong) and "`corrupt`" in error.seen


def test_a_file_that_does_not_run_is_broken(hired):
    exercise = hired("raise ValueError('at once')\n")
    assert isinstance(raised(exercise), ValueError)
    assert exercise.answer.broken


def test_what_a_file_keeps_is_there_in_the_next_test(hired):
    """So that a cache or a counter is found out: its tests ask for one thing after another."""
    text = "count = []\ndef corrupt():\n    count.append(1)\n    return len(count)\n"
    first = hired(text)
    assert [first.corrupt(), first.corrupt()] == [1, 2]
    staff = first._worker._staff
    assert Exercise(first.kata, RemoteWorker(staff, None), 0).corrupt() == 3
    assert staff._nursery.hired == 1


def test_files_cross_in_both_directions(hired):
    text = (
        "from pathlib import Path\n"
        "def corrupt(path):\n"
        "    text = Path(path).read_text()\n"
        "    Path(path + '.new').write_text(text + ' and back')\n"
        "    return path\n"
    )
    exercise = hired(text, folder=True)
    path = exercise.folder / "a.txt"
    path.write_text("there")
    assert exercise.corrupt(str(path)) == str(path)
    assert (exercise.folder / "a.txt.new").read_text() == "there and back"


@pytest.mark.parametrize("name", ["evil.py", "diffusion_pytorch_model.bin"])
def test_what_a_loader_might_run_is_empty_here_and_whole_there(hired, name):
    text = (
        "from pathlib import Path\n"
        "def corrupt(path):\n"
        "    known = Path(path).exists()\n"
        "    content = Path(path).read_text() if known else 'code'\n"
        "    Path(path).write_text(content)\n"
        "    return content\n"
    )
    exercise = hired(text, folder=True)
    path = exercise.folder / name
    for _ in range(2):
        assert exercise.corrupt(str(path)) == "code"
        assert path.read_bytes() == b""


def test_a_path_in_an_error_is_that_of_this_side(hired):
    exercise = hired("def corrupt(path):\n    open(path)\n", folder=True)
    path = str(exercise.folder / "missing")
    error = raised(exercise, path)
    assert error.filename == path and path in str(error)


def lying(*messages):
    """A worker that answers each request with the next of these messages, then is gone."""

    def work(end, folder):
        with end:
            channel = Channel(end)
            channel.receive(2**30)
            for message in messages:
                channel.receive(2**30)
                channel.send(message)

    return work


ANSWER = {
    "names": [], "after": [], "result": 1, "line": None,
    "on_graph": False, "drew": False, "grad_off": False,
}  # fmt: skip
ERROR = {
    "kinds": ["ValueError", "Exception", "BaseException"], "is_left": False, "text": "x",
    "arguments": ["x"], "line": 1, "is_loading": False, "files": {},
    "module": "builtins", "raised_in": "corrupt",
}  # fmt: skip


def test_such_messages_are_answers(hired):
    """The next test lies in parts of them: whole, they are taken."""
    exercise = hired(work=lying(message_of({"files": {}}, [pack(ANSWER)]), message_of(ERROR, [])))
    assert exercise.corrupt() == 1
    assert isinstance(raised(exercise), ValueError)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"garbage",
        b"KATA" + b"\xff" * 100,
        message_of([], []),
        message_of({}, []),
        message_of({"files": {}}, []),
        message_of({"files": 3}, [pack(ANSWER)]),
        message_of({"files": {}}, [b"garbage"]),
        message_of({**ERROR, "kinds": []}, []),
        message_of({**ERROR, "kinds": ["no name!"]}, []),
        message_of({**ERROR, "kinds": 7}, []),
        message_of({**ERROR, "text": {"a": 1}}, []),
        message_of({**ERROR, "line": "first"}, []),
        message_of({**ERROR, "module": "\x1b[31m"}, []),
        message_of({**ERROR, "raised_in": None}, []),
    ],
)
def test_what_is_no_answer_is_refused(hired, message):
    assert isinstance(raised(hired(work=lying(message))), Refused)


@pytest.mark.parametrize(
    "answer",
    [
        7,
        {},
        {**ANSWER, "more": 1},
        {**ANSWER, "after": [1]},
        {**ANSWER, "after": None},
        {**ANSWER, "line": "x"},
        {**ANSWER, "on_graph": 1},
    ],
)
def test_an_answer_of_another_shape_is_wrong(hired, answer):
    error = raised(hired(work=lying(message_of({"files": {}}, [pack(answer)]))))
    assert isinstance(error, Wrong)


@pytest.mark.parametrize(
    "files",
    [
        {"../out": 0},
        {"/etc/kata": 0},
        {"a/../../b": 0},
        {"": 0},
        {"a": "b"},
        {"a": 99},
        {"a": {}},
        {"a": 0, "a/b": 0},
        {"x" * 300: 0},
        {"no/folder": 0},
        None,
    ],
)
def test_files_that_may_do_harm_are_refused(hired, files, tmp_path):
    message = message_of({"files": files}, [pack(ANSWER)])
    exercise = hired(work=lying(message), folder=True)
    assert isinstance(raised(exercise), Refused)
    assert not (tmp_path / "here" / "out").exists()


def test_a_worker_that_is_gone_is_refused_and_another_one_hired(hired):
    text = "import os\ndef corrupt(leave):\n    return leave and os._exit(0)\n"

    def leaving(end, folder):
        with end:
            channel = Channel(end)
            channel.receive(2**30)
            channel.receive(2**30)

    exercise = hired(text, work=leaving)
    error = raised(exercise, True)
    assert isinstance(error, Refused) and "exit status 0" in error.seen
    staff = exercise._worker._staff
    staff._nursery.work = serve
    assert Exercise(exercise.kata, RemoteWorker(staff, None), 0).corrupt(0) == 0


def test_who_spends_too_much_ends_the_kata(hired):
    def spending(end, folder):
        with end:
            Channel(end).receive(2**30)
            end.settimeout(None)
            while end.recv(1024):
                pass

    exercise = hired(work=spending)
    hire = exercise._worker._staff._nursery.hire

    def watched():
        hand = hire()
        hand.watchdog.excess = lambda: "more than 30 seconds of CPU time"
        hand.channel.watch = hand.look
        return hand

    exercise._worker._staff._nursery.hire = watched
    error = raised(exercise)
    assert isinstance(error, Refused) and "30 seconds" in error.seen
    assert exercise.answer.broken


def test_bytes_are_read_without_trust():
    with pytest.raises(CrossingError):
        parts_of(b"KATA")
    assert unpack(pack([1])) == [1]


def test_errors_of_ours_are_spoken_of_by_name():
    assert issubclass(MissingName, Exception) and issubclass(WireError, Exception)
