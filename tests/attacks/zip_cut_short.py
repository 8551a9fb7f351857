"""A zip that was cut off, and one that begins as another file: an upload half done."""

import zipfile

CLASS = "archive tricks"


def make(folder, kata):
    path = folder / "submission.zip"
    with zipfile.ZipFile(path, "w") as archive:
        place = f"exercises/{kata.lesson}/{kata.name}.py"
        archive.writestr(place, kata.file("solutions").read_bytes())
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    return path
