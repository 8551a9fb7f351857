"""A zip whose kata is a symbolic link to the reference, and whose folders are links, too."""

import stat
import zipfile

CLASS = "archive tricks"


def link(name):
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def make(folder, kata):
    path = folder / "submission.zip"
    with zipfile.ZipFile(path, "w") as archive:
        target = str(kata.file("solutions"))
        archive.writestr(link(f"exercises/{kata.lesson}/{kata.name}.py"), target)
        archive.writestr(link("x"), str(kata.root / "solutions"))
        archive.writestr(link("y"), "/etc")
    return path
