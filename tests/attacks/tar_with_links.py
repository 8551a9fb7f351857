"""A tar whose kata is a link to the reference: hard, symbolic, and through a linked folder."""

import tarfile

CLASS = "archive tricks"
KINDS = (tarfile.SYMTYPE, tarfile.LNKTYPE)


def make(folder, kata):
    path = folder / "submission.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        link = tarfile.TarInfo(f"exercises/{kata.lesson}/{kata.name}.py")
        link.type = KINDS[len(kata.functions) > 1]
        link.linkname = str(kata.file("solutions"))
        around = tarfile.TarInfo("solutions")
        around.type, around.linkname = tarfile.SYMTYPE, str(kata.root / "solutions")
        for member in (around, link):
            archive.addfile(member)
    return path
