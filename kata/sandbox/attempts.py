"""What a worker must not be able to do, and what it must: each as a function that tries it.

An attempt's docstring continues "a worker ...", and it is prevented where it raises one of
REFUSALS. A need's docstring continues "no worker ...".
"""

import contextlib
import ctypes
import fcntl
import importlib
import mmap
import os
import resource
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from kata.manifest import ROOT
from kata.sandbox import system
from kata.sandbox.confine import CONFINED, ISOLATED, LEVELS, LIMITS
from kata.sandbox.limits import MEBIBYTE, Limits
from kata.sandbox.paths import DATA
from kata.sandbox.syscalls import numbers

REFUSALS = (OSError, MemoryError, ValueError)
TIGHT = Limits(
    cpu_total=20,
    memory=256 * MEBIBYTE,
    processes=8,
    file_size=MEBIBYTE,
    disk=4 * MEBIBYTE,
    open_files=64,
)
PTRACE_SEIZE = 0x4206
MANY = 200  # files or threads: more than is allowed, few enough for the machine


@dataclass(frozen=True)
class Target:
    """What a worker shall not get at.

    outside  a folder where everybody may do everything, with a file `secret`
    answers  suites and solutions
    parent   the process that starts workers
    port     of a TCP server on the loopback interface
    door     path of the socket of a server
    """

    outside: Path
    answers: tuple[Path, ...]
    parent: int
    port: int
    door: str

    @property
    def secret(self) -> Path:
        return self.outside / "secret"


ATTEMPTS: dict[str, list[Callable]] = {level: [] for level in LEVELS}
NEEDS: list[Callable] = []


def prevented(level: str) -> Callable:
    """Mark an attempt that must fail from this level on."""

    def add(attempt: Callable) -> Callable:
        ATTEMPTS[level].append(attempt)
        return attempt

    return add


def needed(need: Callable) -> Callable:
    NEEDS.append(need)
    return need


def _any(act: Callable, targets: Iterable) -> None:
    """Return where `act` succeeds on one of them; else raise its last refusal."""
    refusal = FileNotFoundError("nothing to try it on")
    for target in targets:
        try:
            return act(target)
        except REFUSALS as error:
            refusal = error
    raise refusal


# From `limits` on


@prevented(LIMITS)
def memory(target):
    """can use more memory than it may"""
    bytearray(2 * TIGHT.memory)


@prevented(LIMITS)
def shared_memory(target):
    """can use more memory than it may, where it is shared"""
    mmap.mmap(-1, 2 * TIGHT.memory)


@prevented(LIMITS)
def long_file(target):
    """can write a longer file than it may"""
    with tempfile.TemporaryFile() as file:
        file.write(bytes(TIGHT.file_size + 1))


@prevented(LIMITS)
def open_files(target):
    """can open more files than it may"""
    with contextlib.ExitStack() as stack:
        for _ in range(MANY):
            stack.enter_context(open(os.devnull))


@prevented(LIMITS)
def processes(target):
    """can start more processes than it may"""
    waits, ends = os.pipe()
    children = []
    try:
        for _ in range(TIGHT.processes + 1):
            children.append(os.fork())
            if children[-1] == 0:
                os.close(ends)
                os.read(waits, 1)
                os._exit(0)
    finally:
        os.close(ends)
        os.close(waits)
        for child in children:
            os.waitpid(child, 0)


@prevented(LIMITS)
def threads(target):
    """can start threads without number"""
    over = threading.Event()
    try:
        for _ in range(MANY):
            threading.Thread(target=over.wait).start()
    except RuntimeError as error:
        raise OSError(error) from error
    finally:
        over.set()


@prevented(LIMITS)
def higher_limit(target):
    """can raise its own limits"""
    resource.setrlimit(resource.RLIMIT_NOFILE, (TIGHT.open_files + 1, TIGHT.open_files + 1))


@prevented(LIMITS)
def another_user(target):
    """can become root"""
    os.setresuid(0, 0, 0) if os.getuid() else os.setgroups([0])


# From `confined` on


@prevented(CONFINED)
def reading(target):
    """can read files that are none of its business"""
    target.secret.read_text()


@prevented(CONFINED)
def suites_and_solutions(target):
    """can read suites and solutions (is the Python installation around the repository?)"""
    _any(Path.read_text, target.answers)


@prevented(CONFINED)
def listing(target):
    """can list folders that are none of its business"""
    _any(os.listdir, [target.outside, ROOT, ROOT / "tests", "/", "/home", "/tmp"])


@prevented(CONFINED)
def users(target):
    """can read who uses this machine, and their passwords' hashes"""
    _any(lambda path: Path(path).read_text(), ["/etc/passwd", "/etc/shadow"])


@prevented(CONFINED)
def writing(target):
    """can write outside of its folder"""
    (target.outside / "new").write_text("")


@prevented(CONFINED)
def appending(target):
    """can change files that are none of its business"""
    with target.secret.open("a") as file:
        file.write("more")


@prevented(CONFINED)
def emptying(target):
    """can empty files that are none of its business"""
    _any(
        lambda empty: empty(),
        [
            lambda: os.truncate(target.secret, 0),
            lambda: os.close(os.open(target.secret, os.O_RDONLY | os.O_TRUNC)),
        ],
    )


@prevented(CONFINED)
def renaming(target):
    """can rename and delete files that are none of its business"""
    os.rename(target.secret, target.outside / "moved")
    os.rename(target.outside / "moved", target.secret)


@prevented(CONFINED)
def rights_of_files(target):
    """can change the rights and times of files that are none of its business"""
    before = target.secret.stat()
    os.chmod(target.secret, 0o777)
    os.utime(target.secret, (0, 0))
    after = target.secret.stat()
    if (before.st_mode, before.st_mtime) == (after.st_mode, after.st_mtime):
        raise PermissionError("said to be done, and not done")


@prevented(CONFINED)
def tcp(target):
    """can connect to a server over the network"""
    socket.create_connection(("127.0.0.1", target.port), timeout=1).close()


@prevented(CONFINED)
def udp(target):
    """can send over the network"""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        end.sendto(b"", ("127.0.0.1", target.port))


@prevented(CONFINED)
def unix_socket(target):
    """can connect to another program's socket"""
    with socket.socket(socket.AF_UNIX) as end:
        end.connect(target.door)


@prevented(CONFINED)
def unix_datagram(target):
    """can send to another program's socket through a pair"""
    for end in socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM):
        end.close()


@prevented(CONFINED)
def signals(target):
    """can signal other processes"""
    _any(lambda number: os.kill(target.parent, number), [0, signal.SIGCONT])


@prevented(CONFINED)
def signals_of_files(target):
    """can have a descriptor signal other processes"""
    for end in os.pipe():
        fcntl.fcntl(end, fcntl.F_SETOWN, target.parent)
        os.close(end)


@prevented(CONFINED)
def tracing(target):
    """can trace other processes"""
    system.syscall(numbers()["ptrace"], PTRACE_SEIZE, target.parent, 0, 0)


@prevented(CONFINED)
def memory_of_others(target):
    """can read the memory of other processes"""
    place = ctypes.create_string_buffer(8)
    pair = (ctypes.c_ulong * 2)(ctypes.addressof(place), 8)
    call = numbers()["process_vm_readv"]
    _any(
        lambda read: read(),
        [
            lambda: system.syscall(call, target.parent, pair, 1, pair, 1, 0),
            lambda: open(f"/proc/{target.parent}/mem", "rb").close(),
        ],
    )


@prevented(CONFINED)
def environment_of_others(target):
    """can read the environment and the command line of other processes"""
    _any(lambda name: Path(f"/proc/{target.parent}/{name}").read_bytes(), ["environ", "cmdline"])


@prevented(CONFINED)
def orphanhood(target):
    """can live on when the process that started it dies"""
    system.call("prctl", 1, 0, 0, 0, 0)


# At `isolated`


@prevented(ISOLATED)
def other_processes(target):
    """can see that there are other processes"""
    if os.getppid() == 0:  # it is the first of its namespace
        os.stat(f"/proc/{target.parent}")


@prevented(ISOLATED)
def other_files(target):
    """can see that there are other files"""
    _any(os.stat, [target.secret, *target.answers])


@prevented(ISOLATED)
def disk(target):
    """can write more than its folder may hold"""
    with contextlib.ExitStack() as stack:
        for _ in range(2 * TIGHT.disk // TIGHT.file_size):
            stack.enter_context(tempfile.TemporaryFile()).write(bytes(TIGHT.file_size))


# What must work


@needed
def computing():
    """computes with torch"""
    import torch

    layer = torch.nn.Linear(64, 64)
    layer(torch.ones(64, 64)).sum().backward()


@needed
def a_thread():
    """starts a thread"""
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()


@needed
def own_files():
    """writes, renames and deletes files in its folder"""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "one").write_text("two")
        Path(folder, "one").rename(Path(folder).parent / "three")
    (Path(folder).parent / "three").unlink()


@needed
def more_libraries():
    """imports from the Python installation (may every user reach it?)"""
    for name in ("colorsys", "tabnanny"):
        importlib.import_module(name)


@needed
def the_data():
    """reads data/ (may every user reach it?)"""
    (DATA / "butterflies/README.md").read_text()


@needed
def the_dataset():
    """loads the data set"""
    from datasets import load_dataset

    load_dataset("data/butterflies", split="train")[0]
