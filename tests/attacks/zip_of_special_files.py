"""A zip whose kata is a device, a pipe or a socket by its mode."""

import stat
import zipfile

CLASS = "archive tricks"
KINDS = (stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK, stat.S_IFDIR)


def make(folder, kata):
    path = folder / "submission.zip"
    right = kata.file("solutions").read_bytes()
    info = zipfile.ZipInfo(f"exercises/{kata.lesson}/{kata.name}.py")
    info.create_system = 3
    info.external_attr = (KINDS[len(kata.name) % len(KINDS)] | 0o4777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, right)
    return path
