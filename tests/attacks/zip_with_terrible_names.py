"""A zip whose members' names hold line ends, escapes, markup and right-to-left marks."""

import zipfile

CLASS = "archive tricks"
NAMES = (
    "a\nb.py",
    "\x1b[2J\x1b[31m.py",
    "</script><script>alert(1)</script>.py",
    "\u202eyp.esion_dda",
    "::error::x.py",
    "x" * 60_000 + ".py",
    "con.py",
    "add_noise.py.",
    "add_noise.py::$DATA",
    "é.py",
    "=1+1.py",
)


def make(folder, kata):
    path = folder / "submission.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in NAMES:
            archive.writestr(f"exercises/{kata.lesson}/{name}", b"import os; os._exit(0)\n")
    data = path.read_bytes()
    path.write_bytes(data.replace(b"con.py", b"c\0n.py"))
    return path
