"""A zip whose directory says that a bomb is a small file."""

import zipfile

CLASS = "archive tricks"
SIZE = 40 * 2**20


def make(folder, kata):
    path = folder / "submission.zip"
    right = kata.file("solutions").read_bytes()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        content = right + b"\n" * (SIZE - len(right))
        archive.writestr(f"exercises/{kata.lesson}/{kata.name}.py", content)
    data = path.read_bytes()
    path.write_bytes(data.replace(SIZE.to_bytes(4, "little"), len(right).to_bytes(4, "little")))
    return path
