"""The checksums of the data and the models, in the format of `sha256sum`: `data/SHA256SUMS`."""

import hashlib
import os
from collections import defaultdict
from pathlib import Path

SUMS = Path("data/SHA256SUMS")
FOLDERS = (Path("data/butterflies"), Path("data/models"))
ASIDE = {".DS_Store", "Thumbs.db", "desktop.ini", ".ipynb_checkpoints"}

MISSING, POINTER, LINE_ENDINGS, CHANGED, EXTRA = (
    "missing",
    "pointers of Git LFS, not the files themselves",
    "line endings were converted",
    "changed",
    "not part of the project",
)


def write_checksums(root: Path) -> int:
    """Write the checksums of what lies there now; return how many."""
    lines = [f"{sha256((root / name).read_bytes())}  {name}\n" for name in _present(root)]
    temporary = (root / SUMS).with_suffix(".tmp")
    temporary.write_text("".join(lines), encoding="utf-8", newline="\n")
    os.replace(temporary, root / SUMS)
    return len(lines)


def read_checksums(root: Path) -> dict[str, str]:
    """Return the checksum of each file. Raises OSError and ValueError when they cannot be read."""
    sums = {}
    for line in (root / SUMS).read_text(encoding="utf-8").splitlines():
        checksum, separator, name = line.partition("  ")
        if len(checksum) != 64 or not separator:
            raise ValueError(f"{SUMS} has a line that is no checksum: {line[:40]!r}")
        sums[name] = checksum
    return sums


def compare(root: Path) -> dict[str, list[str]]:
    """Return what is wrong, by its kind, and with which files; nothing where all is as it was."""
    sums = read_checksums(root)
    wrong = defaultdict(list)
    for name, checksum in sums.items():
        if kind := _wrong(root / name, checksum):
            wrong[kind].append(name)
    if extra := [name for name in _present(root) if name not in sums]:
        wrong[EXTRA] = extra
    return dict(wrong)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _wrong(path: Path, checksum: str) -> str | None:
    if not path.is_file():
        return MISSING
    content = path.read_bytes()
    if sha256(content) == checksum:
        return None
    if content.startswith(b"version https://git-lfs"):
        return POINTER
    return LINE_ENDINGS if sha256(content.replace(b"\r\n", b"\n")) == checksum else CHANGED


def _present(root: Path) -> list[str]:
    paths = (path for folder in FOLDERS for path in (root / folder).rglob("*") if path.is_file())
    names = (path.relative_to(root) for path in paths)
    return sorted(name.as_posix() for name in names if not ASIDE & set(name.parts))
