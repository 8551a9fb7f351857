"""Whatever the code that is run does to its process, the runner tells of it and goes on."""

import queue
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kata.manifest import ROOT
from kata.runner import CAN_FORK, Ended, Failed, Ready, Runner

PATIENCE = 60
forking = pytest.mark.skipif(not CAN_FORK, reason="a resident process forks on Linux only")
WAYS = [pytest.param(True, marks=forking, id="forking"), pytest.param(False, id="waiting")]


class House:
    """A folder of tests to run, and a runner that has imported nothing but pytest."""

    def __init__(self, root: Path, fork: bool, ahead=()):
        self.root = root
        self.heard = queue.Queue()
        self.runner = Runner(self.heard.put, root, ahead, fork)

    def start(self, code: str, limit: float = PATIENCE) -> int:
        (self.root / "test_it.py").write_text(
            f"import os, signal, sys\ndef test_it():\n    {code}\n"
        )
        quietly = ["-q", "--no-header", "-p", "no:cacheprovider"]
        return self.runner.start(["pytest", "test_it.py", *quietly], limit)

    def next_end(self) -> Ended:
        return self.next(Ended)

    def next(self, kind):
        while not isinstance(event := self.heard.get(timeout=PATIENCE), kind):
            pass
        return event

    def run(self, code: str, **options) -> Ended:
        number = self.start(code, **options)
        end = self.next_end()
        assert end.number == number
        return end

    def wait_for(self, name: str) -> str:
        """What the code that runs has written to a file."""
        wait_until(lambda: read(self.root / name))
        return read(self.root / name)


def folder(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("house")
    (root / "pytest.ini").write_text("[pytest]\n")
    return root


@pytest.fixture(scope="module", params=WAYS)
def house(request, tmp_path_factory):
    house = House(folder(tmp_path_factory), request.param)
    yield house
    house.runner.close()


@pytest.fixture(scope="module")
def forks(tmp_path_factory):
    house = House(folder(tmp_path_factory), fork=True)
    yield house
    house.runner.close()


def wait_until(condition) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def is_gone(process: int) -> bool:
    """Also a zombie is gone: nobody may be there to hear of its end."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_run_ends_with_the_status_of_pytest(house, capfd):
    assert house.run("pass").status == 0
    assert house.run("assert False").status == 1
    house.runner.stop()  # nothing is running: nothing happens
    assert house.run("pass").status == 0


def test_a_process_that_is_ended_gives_no_verdict(house, capfd):
    end = house.run("os._exit(0)")
    assert end.status is None
    assert end.trouble == "your code ended the process that judged it, with exit status 0"
    assert house.run("pass").status == 0


def test_an_endless_loop_is_ended_by_the_next_run_and_gives_no_end_of_its_own(house, capfd):
    house.start("open('loops', 'w').write('yes')\n    while True: pass")
    house.wait_for("loops")
    assert house.run("pass").status == 0


def test_a_run_is_ended_after_its_limit(house, capfd):
    end = house.run("while True: pass", limit=1.5)
    assert (end.status, end.trouble) == (None, "ended after 1.5 seconds")


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks for a process under /proc")
def test_what_a_run_left_behind_is_ended_with_it(house, capfd):
    code = "import subprocess; child = subprocess.Popen(['sleep', '1000'])\n"
    house.run(f"{code}    open('child', 'w').write(str(child.pid))")
    child = int(house.wait_for("child"))
    wait_until(lambda: is_gone(child))


def test_stdin_is_empty_and_a_closed_stdout_harms_nobody(house, capfd):
    assert house.run("assert sys.stdin.read() == ''").status == 1  # pytest forbids to read it
    assert house.run("assert os.read(0, 1) == b''").status == 0
    house.run("sys.stdout.close(); sys.__stdout__.close(); os.close(1)")
    assert house.run("pass").status == 0


@forking
def test_a_killed_resident_is_replaced(forks, capfd):
    end = forks.run("os.kill(os.getppid(), signal.SIGKILL); signal.pause()")
    assert end.status is None
    assert end.trouble == "your code ended the process that judged it (SIGKILL)"
    assert forks.run("pass").status == 0


@forking
def test_every_run_is_a_process_of_its_own_and_the_resident_stays(forks, capfd):
    facts = "f'{os.getpid()} {os.getppid()} {os.getsid(0)}'"
    pids = []
    for number in range(2):
        forks.run(f"open('pids{number}', 'w').write({facts})")
        pids.append([int(pid) for pid in forks.wait_for(f"pids{number}").split()])
    (own, parent, session), (other, same_parent, _) = pids
    assert own == session
    assert own != other
    assert parent == same_parent


@forking
def test_a_restart_replaces_the_resident_and_ends_what_is_running(forks, capfd):
    forks.start("open('first', 'w').write(str(os.getppid())); signal.pause()")
    before = int(forks.wait_for("first"))
    forks.runner.restart()
    assert forks.run("open('second', 'w').write(str(os.getppid()))").status == 0
    assert int(forks.wait_for("second")) != before


def test_what_cannot_be_imported_is_told_once_and_tried_again_when_asked(tmp_path, capfd):
    house = House(tmp_path, fork=CAN_FORK, ahead=["no_such_module"])
    assert house.next(Failed)
    assert "no_such_module" in capfd.readouterr().out
    house.runner.restart()
    assert house.next(Failed)
    house.runner.close()


@forking
def test_the_resident_ends_with_the_watcher_also_in_the_middle_of_a_run(tmp_path):
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    loop = "open('pids', 'w').write(f'{os.getpid()} {os.getppid()}')\nwhile True: pass"
    (tmp_path / "test_it.py").write_text(f"import os\n{loop}")
    watch = (
        "import pathlib, time, kata.runner\n"
        f"runner = kata.runner.Runner(print, pathlib.Path({str(tmp_path)!r}), [], True)\n"
        "runner.start(['pytest', 'test_it.py']); time.sleep(1000)"
    )
    watcher = subprocess.Popen([sys.executable, "-c", watch], stdout=subprocess.DEVNULL, cwd=ROOT)
    wait_until(lambda: read(tmp_path / "pids"))
    watcher.kill()
    watcher.wait()
    pids = [int(pid) for pid in read(tmp_path / "pids").split()]
    wait_until(lambda: all(map(is_gone, pids)))


def test_readiness_is_told(house):
    house.runner.restart()
    assert house.next(Ready)
