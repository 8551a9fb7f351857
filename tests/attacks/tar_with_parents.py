"""A tar whose members climb out of it, and one that is not what its header says."""

import io
import tarfile

CLASS = "archive tricks"


def make(folder, kata):
    place = f"exercises/{kata.lesson}/{kata.name}.py"
    right = kata.file("solutions").read_bytes()
    path = folder / "submission.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        for name in (f"../{place}", f"/{place}", f"x/../{place}", "/tmp/kata-attack-tar.py"):
            member = tarfile.TarInfo(name)
            member.size = len(right)
            archive.addfile(member, io.BytesIO(right))
        twin = tarfile.TarInfo("harmless.txt")
        twin.pax_headers = {"path": f"./../{place}", "size": str(2**40), "linkpath": "/etc/shadow"}
        archive.addfile(twin)
    return path
