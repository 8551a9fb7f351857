"""Set what pytest, Python and the loader of programs read from the environment."""

import ctypes
import os

CLASS = "smuggling configuration"
SETTINGS = {
    "PYTEST_ADDOPTS": "--collect-only -p no:timeout",
    "PYTEST_PLUGINS": "evil",
    "PYTHONSTARTUP": "evil.py",
    "PYTHONPATH": os.getcwd(),
    "PYTHONHOME": "/nowhere",
    "PYTHONOPTIMIZE": "2",
    "PYTHONBREAKPOINT": "os._exit",
    "LD_PRELOAD": "evil.so",
    "HF_HUB_OFFLINE": "0",
    "PATH": os.getcwd(),
    "TMPDIR": os.getcwd(),
}


def attack(name, /, *args, **kwargs):
    os.environ.update(SETTINGS)
    libc = ctypes.CDLL(None)
    for key, value in SETTINGS.items():
        libc.setenv(key.encode(), value.encode(), 1)
    return None
