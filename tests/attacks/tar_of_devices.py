"""A tar whose kata is a device, a pipe or a file of a kind that nobody knows."""

import tarfile

CLASS = "archive tricks"
KINDS = (tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE, b"Z")


def make(folder, kata):
    path = folder / "submission.tar"
    with tarfile.open(path, "w") as archive:
        member = tarfile.TarInfo(f"exercises/{kata.lesson}/{kata.name}.py")
        member.type = KINDS[len(kata.name) % len(KINDS)]
        member.devmajor, member.devminor, member.mode = 1, 5, 0o4777
        archive.addfile(member)
    return path
