"""What a worker cannot do at each level, as root and as an ordinary user; and what it still can.

Each test acts in a fork of its own, which has one thread and may lose its user and its children.
"""

import ctypes
import json
import multiprocessing
import os
import platform
import signal
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

import pytest

from kata.errors import KataError
from kata.manifest import ROOT
from kata.sandbox.limits import Limits

if sys.platform != "linux":
    pytest.skip("the sandbox is made of Linux' parts", allow_module_level=True)

from kata.sandbox import identity, landlock, levels, paths, probes, seccomp, system
from kata.sandbox.attempts import ATTEMPTS
from kata.sandbox.confine import (
    CONFINED,
    FAILED,
    ISOLATED,
    LEVELS,
    LIMITS,
    NOT_CONFINED,
    spawn,
)
from kata.sandbox.syscalls import LAST, numbers

NOBODY = 65534
USERS = ["root", "ordinary user"] if os.getuid() == 0 else ["ordinary user"]


def in_fork(act, *arguments, user=USERS[0]):
    """What `act` returns, in a process of its own that is root no more if `user` says so."""
    reads, writes = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(
        target=_act, args=(writes, user, act, arguments)
    )
    process.start()
    writes.close()
    try:
        done, came = reads.recv()
    finally:
        process.join()
    if not done:
        pytest.fail(came)
    if isinstance(came, Skip):
        pytest.skip(came)
    return came


class Skip(str):
    """Why a test cannot be made here."""


def _act(writes, user, act, arguments):
    import torch

    torch.set_num_threads(1)  # the threads of the parent's pool do not live on in a fork
    try:
        if user != "root" and os.getuid() == 0:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            system.set_dumpable(True)  # as it is for whoever has not just been root
        system.adopt_orphans()
        writes.send((True, act(*arguments)))
    except BaseException:
        writes.send((False, traceback.format_exc()))


def hidden() -> str:
    """Why another user than root could not work here, or ""."""
    for path in map(Path, (sys.base_prefix, sys.prefix, ROOT)):
        for folder in (path, *path.parents):
            if not folder.stat().st_mode & 0o001:
                return f"not every user can reach {path}: chmod a+x {folder}"
    return ""


HIDDEN = hidden() if "root" in USERS else ""


def at_level(level, act, *arguments):
    """Do it where the level can be had, else say why not."""
    hindrance = HIDDEN or probes.refusal(level)
    return Skip(hindrance) if hindrance else act(level, *arguments)


def worker(level, run, limits=None, keep=(), folder=None):
    """Let a worker tell something; return that and its status."""
    told, tells = os.pipe()
    folder = folder or Path(tempfile.mkdtemp())
    pid = spawn(
        lambda: os.write(tells, json.dumps(run()).encode()),
        folder,
        level,
        limits or Limits(),
        keep=[tells, *keep],
    )
    os.close(tells)
    with open(told) as file:
        text = file.read()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return json.loads(text or "null"), status


every_user = pytest.mark.parametrize("user", USERS)
every_level = pytest.mark.parametrize("level", LEVELS)


# What a level promises


@every_user
@every_level
def test_what_is_forbidden_fails(level, user):
    assert in_fork(at_level, level, probes.unprevented, user=user) == []


@every_user
@every_level
def test_what_answers_need_works(level, user):
    import datasets  # noqa: F401  # before the fork

    assert in_fork(at_level, level, probes.unmet, user=user) == []


@every_user
@every_level
@pytest.mark.parametrize("what", ["can start other programs", "can leave a process behind"])
def test_no_worker(what, level, user):
    assert in_fork(at_level, level, probes.BEYOND_ONE_CALL[what], user=user) is False


@every_level
def test_a_worker_is_killed_when_its_cpu_time_is_spent(level):
    burns = probes.BEYOND_ONE_CALL["can use more CPU time than it may"]
    assert in_fork(at_level, level, burns) is False


def unconfined():
    told, tells = os.pipe()
    with probes.a_target() as target:
        if os.fork() == 0:
            attempts = [attempt for level in LEVELS for attempt in ATTEMPTS[level]]
            came = {attempt.__name__: probes.outcome(attempt, target) for attempt in attempts}
            os.write(tells, json.dumps(came).encode())
            os._exit(0)
        os.close(tells)
        os.wait()
    with open(told) as file:
        return {name: came for name, came in json.load(file).items() if came != probes.DONE}


YAMA = Path("/proc/sys/kernel/yama/ptrace_scope")
NOT_FOR_USERS = {"another_user"}
if YAMA.exists() and YAMA.read_text().strip() != "0":
    NOT_FOR_USERS |= {"tracing", "memory_of_others"}


@every_user
def test_every_attempt_gets_through_where_nothing_is_confined(user):
    """Else it would prove nothing that it fails in a worker."""
    failed = in_fork(unconfined, user=user)
    assert set(failed) <= (set() if user == "root" else NOT_FOR_USERS), failed


def without(level, barrier):
    barrier.restrict = lambda *arguments, **keywords: None
    return probes.unprevented(level)


@every_user
@pytest.mark.parametrize("barrier", [landlock, seccomp], ids=["Landlock", "seccomp"])
def test_an_isolated_worker_is_held_by_two_barriers(barrier, user):
    """One of them taken away, it can do no more than what harms nobody in its namespaces."""
    left = in_fork(at_level, ISOLATED, without, barrier, user=user)
    harmless = (
        "can list folders",  # the bare root of its own
        "through a pair",  # to no socket that there is
        "can live on",  # for it is killed with the first process of its namespace
    )
    assert not [gap for gap in left if not any(words in gap for words in harmless)]


def test_a_confined_worker_needs_landlock_to_read_no_solutions():
    gaps = in_fork(at_level, CONFINED, without, landlock)
    assert any("suites and solutions" in gap for gap in gaps)


# spawn and end


def ends(level):
    return [
        worker(level, lambda: "done"),
        worker(level, lambda: 1 / 0),
        worker(level, lambda: os._exit(3)),
        worker(level, lambda: ctypes.string_at(0)),
    ]


@every_level
def test_a_worker_ends_as_its_code_ends(level):
    ended = in_fork(at_level, level, ends)
    assert ended == [("done", 0), (None, FAILED), (None, 3), (None, -signal.SIGSEGV)]


def test_a_worker_that_cannot_give_up_its_rights_runs_nothing():
    def without_landlock():
        landlock.version = lambda: 0
        return probes.refusal(CONFINED), worker(CONFINED, lambda: "ran")

    refusal, (said, status) = in_fork(without_landlock)
    assert "Landlock is not there" in refusal
    assert (said, status) == (None, NOT_CONFINED)


def descriptors(level):
    kept, other = os.pipe()
    probe = {name: number for name, number in (("kept", kept), ("other", other))}
    said, _ = worker(level, lambda: {name: is_open(n) for name, n in probe.items()}, keep=[kept])
    return said


def is_open(descriptor):
    try:
        return bool(os.fstat(descriptor))
    except OSError:
        return False


@every_level
def test_a_worker_has_the_descriptors_that_it_shall_keep_and_no_others(level):
    assert in_fork(at_level, level, descriptors) == {"kept": True, "other": False}


def dies_with_its_parent(level):
    told, tells = os.pipe()
    middle = os.fork()
    if middle == 0:
        pid = spawn(lambda: signal.pause(), Path(tempfile.mkdtemp()), level, Limits(), [tells])
        os.write(tells, str(pid).encode())
        os._exit(0)
    os.close(tells)
    with open(told) as file:
        text = file.read()  # till nobody can write to it any more
    os.waitpid(middle, 0)
    return bool(text)


@every_user
@every_level
def test_a_worker_dies_with_the_process_that_started_it(level, user):
    assert in_fork(at_level, level, dies_with_its_parent, user=user)


def surroundings(level):
    folder = Path(tempfile.mkdtemp())

    def look():
        print("to nobody", flush=True)
        return {
            "at": os.getcwd(),
            "homes": [str(Path.home()), tempfile.gettempdir(), os.environ["HF_HOME"]],
            "user": os.getuid(),
            "groups": os.getgroups(),
            "rights": [line for line in status() if line.startswith("Cap")],
        }

    def status():
        return Path("/proc/self/status").read_text().splitlines() if level == LIMITS else []

    said, _ = worker(level, look, folder=folder)
    return str(folder), said


@every_level
def test_a_worker_is_at_home_in_its_folder_and_stands_there(level):
    folder, said = in_fork(at_level, level, surroundings)
    assert said["at"] == folder
    assert said["homes"] == [folder, folder, f"{folder}/huggingface"]


@pytest.mark.skipif(USERS[0] != "root", reason="only root can be another user")
@every_level
def test_each_worker_of_roots_is_a_user_who_is_nobody_else(level):
    (_, one), (_, other) = (in_fork(at_level, level, surroundings) for _ in range(2))
    assert len({one["user"], other["user"], 0, NOBODY}) == 4
    assert one["groups"] in ([], [one["user"]])
    assert all(int(line.split()[1], 16) == 0 for line in one["rights"])


@pytest.mark.skipif(platform.machine() != "x86_64", reason="a matter of x86_64")
def test_the_second_set_of_system_calls_is_deadly():
    getpid = 39 | seccomp.X32

    def calls(level):
        return worker(level, lambda: system.syscall(getpid))

    assert in_fork(at_level, LIMITS, calls) == (None, -signal.SIGSYS)


# What it rests on


def test_an_unknown_machine_is_refused(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "pdp11")
    with pytest.raises(OSError, match="no system calls are known of pdp11"):
        numbers()


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_every_call_of_the_filter_has_a_number(machine, monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: machine)
    known = numbers()
    assert len(set(known.values())) == len(known)
    assert max(known.values()) <= LAST
    assert {"openat", "clone", "socket", "ptrace"} <= set(known)


def test_of_the_repository_only_the_data_is_readable():
    below = [path for path in paths.readable() if Path(path).is_relative_to(ROOT)]
    environment = Path(sys.prefix)
    assert str(paths.DATA) in below
    assert all(Path(p) == paths.DATA or Path(p).is_relative_to(environment) for p in below)


def test_a_python_in_the_repository_itself_opens_no_more_of_it(monkeypatch):
    """`python -m venv .` puts a prefix around suites and solutions."""
    monkeypatch.setattr(sys, "prefix", str(ROOT))
    assert not [path for path in paths.readable() if ROOT.is_relative_to(path)]


def test_root_in_a_container_with_few_users_takes_one_that_is_there(monkeypatch):
    monkeypatch.setattr(system, "capable", lambda capability: True)
    monkeypatch.setattr(identity, "_is_mapped", lambda kind, number: number < 65536)
    assert 30_000 <= identity.another_user() < 60_000


def test_root_without_the_right_to_be_another_stays_who_it_is(monkeypatch):
    monkeypatch.setattr(system, "capable", lambda capability: False)
    assert identity.another_user() is None


def test_huge_pages_hold_what_the_small_ones_held():
    program = (
        "from kata.sandbox import system\n"
        "data = bytearray(range(256)) * 2**16\n"
        "system.use_huge_pages()\n"
        "assert data == bytearray(range(256)) * 2**16\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


# Levels


@pytest.fixture
def found(monkeypatch):
    """Let the probes of the levels find something."""

    def set_found(**gaps):
        monkeypatch.setattr(levels, "_found", lambda: gaps)

    return set_found


def test_the_level_reached_is_the_highest_without_gaps(found):
    found(isolated=["a worker can fly"], confined=[])
    assert levels.reached() == levels.require(CONFINED) == levels.require(LIMITS) == CONFINED


def test_what_is_missing_for_a_level_is_said_and_what_to_type(found):
    found(isolated=["a worker can fly"], confined=[])
    with pytest.raises(KataError) as raised:
        levels.require(ISOLATED)
    for words in ("a worker can fly", "sudo sysctl", "--min-isolation confined"):
        assert words in str(raised.value)


def test_where_nothing_holds_nothing_is_graded(found):
    found(isolated=["x"], confined=["y"], limits=["a worker can do all"])
    assert levels.reached() == levels.NONE
    with pytest.raises(KataError, match="a worker can do all"):
        levels.require(LIMITS)


def test_elsewhere_than_on_linux_there_is_only_practice(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(KataError, match="pytest exercises"):
        levels.require(LIMITS)


def test_what_a_level_rests_on_grows_with_it():
    assert set(levels.means(LIMITS)) < set(levels.means(CONFINED)) < set(levels.means(ISOLATED))
