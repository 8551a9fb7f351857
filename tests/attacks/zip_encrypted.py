"""A zip that says it is encrypted, by a method that nobody knows, of a version to come."""

import zipfile

CLASS = "archive tricks"


def make(folder, kata):
    path = folder / "submission.zip"
    with zipfile.ZipFile(path, "w") as archive:
        place = f"exercises/{kata.lesson}/{kata.name}.py"
        archive.writestr(place, kata.file("solutions").read_bytes())
    data = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        start = data.find(signature)
        data[start + flags] |= 1
        data[start + flags + 2 : start + flags + 4] = b"\x63\0"
    path.write_bytes(bytes(data))
    return path
