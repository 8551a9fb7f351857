"""A zip in which the kata is a folder, with the reference inside."""

import zipfile

CLASS = "archive tricks"


def make(folder, kata):
    place = f"exercises/{kata.lesson}/{kata.name}.py"
    path = folder / "submission.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{place}/", b"")
        archive.writestr(f"{place}/__init__.py", kata.file("solutions").read_bytes())
        archive.writestr(f"{place}/__main__.py", b"import os; os._exit(0)\n")
    return path
