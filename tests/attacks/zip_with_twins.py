"""A zip with two members of the kata's very name, and others that differ in case alone."""

import warnings
import zipfile

CLASS = "archive tricks"


def make(folder, kata):
    place = f"exercises/{kata.lesson}/{kata.name}.py"
    right = kata.file("solutions").read_bytes()
    hollow = "".join(f"def {name}(*args, **kwargs): ...\n" for name in kata.functions)
    path = folder / "submission.zip"
    with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of duplicate names
        archive.writestr(place, hollow)
        archive.writestr(place, right)
        archive.writestr(place.upper(), right)
        archive.writestr(place.title(), right)
        archive.writestr(f"other/{place}", right)
    return path
