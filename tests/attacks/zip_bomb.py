"""A zip of some kilobytes whose kata unpacks to many megabytes."""

import zipfile

CLASS = "archive tricks"
CHUNKS, CHUNK = 60, 2**20


def make(folder, kata):
    path = folder / "submission.zip"
    place = f"exercises/{kata.lesson}/{kata.name}.py"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(place, "w") as file,
    ):
        file.write(kata.file("solutions").read_bytes())
        for _ in range(CHUNKS):
            file.write(b"\n" * CHUNK)
    return path
