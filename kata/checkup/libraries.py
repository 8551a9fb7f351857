"""Python and the libraries: their versions against pyproject.toml, and whether they import."""

import json
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from kata.checkup import FINE, REMARK, TROUBLE, Finding, install_command
from kata.checkup.place import dependencies, project

IMPORTED = ("torch", "torchvision", "diffusers", "transformers", "datasets")


def python(root: Path) -> Iterator[Finding]:
    wanted = project(root)["requires-python"]
    seen = f"{platform.python_version()} (needs {wanted}) on {platform.platform(terse=True)}"
    if SpecifierSet(wanted).contains(platform.python_version(), prereleases=True):
        yield Finding(FINE, "Python", f"{seen}, {platform.machine()}")
    else:
        mend = f'uv run --python "{wanted}" kata doctor'
        yield Finding(TROUBLE, "Python", seen, mend)


def versions(root: Path) -> Iterator[Finding]:
    """Each dependency: the version that is installed against the bounds of pyproject.toml."""
    fit = []
    for requirement in map(Requirement, dependencies(root)):
        if requirement.marker and not requirement.marker.evaluate():
            continue
        wanted = f"needs {requirement.specifier or 'any version'}"
        try:
            found = version(requirement.name)
        except PackageNotFoundError:
            seen = f"{requirement.name} is not installed ({wanted})"
            yield Finding(TROUBLE, "versions", seen, install_command(root))
            continue
        if requirement.specifier.contains(found, prereleases=True):
            fit.append(f"{requirement.name} {found}")
        else:
            seen = f"{requirement.name} {found} ({wanted})"
            yield Finding(TROUBLE, "versions", seen, install_command(root))
    if fit:
        yield Finding(FINE, "versions", ", ".join(fit))


def imports(root: Path, say: Callable[[str], None] = lambda text: None) -> Iterator[Finding]:
    """Import the large libraries, as a run of pytest would; then ask torch for its devices.

    In a process of its own, which a broken library may kill.
    say  is told which one is being imported
    """
    command = [sys.executable, "-m", "kata.checkup.imports", *IMPORTED]
    took, waiting = {}, list(IMPORTED)
    devices = None
    with tempfile.TemporaryFile("w+", errors="replace") as errors:
        process = subprocess.Popen(
            command, cwd=root, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        try:
            say(f"importing {waiting[0]} ...")
            for result in map(json.loads, process.stdout):
                if "devices" in result:
                    devices = result["devices"]
                    continue
                waiting.remove(result["name"])
                say(f"importing {waiting[0]} ..." if waiting else "looking for devices ...")
                if "error" in result:
                    yield _broken(root, result["name"], result["error"])
                else:
                    took[result["name"]] = result["seconds"]
            status = process.wait()
        except KeyboardInterrupt:
            process.kill()
            seen = f"interrupted while {waiting[0] if waiting else 'torch'} was being imported"
            yield Finding(REMARK, "imports", seen, "kata doctor --quick leaves this out")
            return
        errors.seek(0)
        last = (errors.read().strip().splitlines() or ["it said nothing"])[-1]
    if waiting:
        yield _broken(root, waiting[0], f"{_ended(status)}: {last}")
        if untried := waiting[1:]:
            yield Finding(REMARK, "imports", f"not tried after that: {', '.join(untried)}")
    if took:
        seen = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in took.items())
        yield Finding(FINE, "imports", seen)
    if devices:
        yield _devices(devices)


def _broken(root: Path, name: str, error: str) -> Finding:
    mend = install_command(root)
    if name == "torchvision":
        anew = f"python -m pip uninstall -y torch torchvision && {mend}"
        mend = f"{anew}   (or both as CPU builds: README.md, *Other ways to install*)"
    return Finding(TROUBLE, "imports", f"{name} does not import: {error}", mend)


def _ended(status: int) -> str:
    how = signal.Signals(-status).name if status < 0 else f"status {status}"
    return f"the process ended with {how}"


def _devices(devices: dict) -> Finding:
    cpu = f"CPU (threads of torch: {devices['threads']})"
    if not devices["found"] and shutil.which("nvidia-smi"):
        build = devices["built_for_cuda"]
        built = f"built for CUDA {build}" if build else "a build without CUDA"
        seen = f"{cpu}. nvidia-smi is there, but torch ({built}) sees no GPU; no kata needs one"
        return Finding(REMARK, "devices", seen, 'python -c "import torch; torch.zeros(1).cuda()"')
    none = [] if devices["found"] else ["no GPU, and no kata needs one"]
    return Finding(FINE, "devices", "; ".join([*devices["found"], cpu, *none]))
