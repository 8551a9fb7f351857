"""A zip within a zip within a zip, in which a right answer may be."""

import io
import zipfile

CLASS = "archive tricks"


def make(folder, kata):
    content, name = kata.file("solutions").read_bytes(), f"{kata.name}.py"
    for _ in range(3):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(f"exercises/{kata.lesson}/{name}", content)
        content, name = buffer.getvalue(), "submission.zip"
    path = folder / name
    path.write_bytes(content)
    return path
