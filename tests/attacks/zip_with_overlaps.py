"""A zip whose thousand members share the same bytes, so that it is small and unpacks to much."""

import io
import zipfile

CLASS = "archive tricks"
MEMBERS = 1000


def make(folder, kata):
    path = folder / "submission.zip"
    place = f"exercises/{kata.lesson}/{kata.name}.py"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(place, kata.file("solutions").read_bytes() + b"\n" * 2**22)
        first = archive.infolist()[0]
        for number in range(MEMBERS):
            twin = zipfile.ZipInfo(f"exercises/{kata.lesson}/{number}.py")
            for field in ("CRC", "compress_size", "file_size", "header_offset", "compress_type"):
                setattr(twin, field, getattr(first, field))
            archive.filelist.append(twin)
            archive.NameToInfo[twin.filename] = twin
    path.write_bytes(buffer.getvalue())
    return path
