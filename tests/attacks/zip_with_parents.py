"""A zip whose members climb out of it: `..`, absolute names, drives, backslashes."""

import zipfile

CLASS = "archive tricks"


def make(folder, kata):
    place = f"exercises/{kata.lesson}/{kata.name}.py"
    right = kata.file("solutions").read_bytes()
    names = (
        f"../{place}",
        f"x/../{place}",
        f"/{place}",
        f"//server/share/{place}",
        f"C:/{place}",
        f"..\\{place}".replace("/", "\\"),
        f"./../../../../../../../tmp/kata-attack-{kata.name}.py",
        f"exercises/{kata.lesson}/../../solutions/{kata.lesson}/{kata.name}.py",
    )
    path = folder / "submission.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), right)
    return path
