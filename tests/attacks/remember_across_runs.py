"""Leave notes for the worker of the second run, or of another submission, and look for some."""

import contextlib
import os
import tempfile

CLASS = "hard-coded and cached answers"
HOME = tempfile.gettempdir()
PLACES = ("/dev/shm", "/tmp", "/var/tmp", HOME, f"{HOME}/..", f"{HOME}/../..", "/run/lock")
NOTES = [f"{place}/kata-attack-note" for place in PLACES]

for note in NOTES:
    with contextlib.suppress(OSError), open(note) as file:
        if file.read() != str(os.getpid()):
            raise RuntimeError(f"BOAST: {note} was left by another worker")


def attack(name, /, *args, **kwargs):
    for note in NOTES:
        with contextlib.suppress(OSError), open(note, "w") as file:
            file.write(str(os.getpid()))
    return None
