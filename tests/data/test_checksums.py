"""data/SHA256SUMS is true: `kata doctor` blames nobody for what is as it should be."""

import hashlib

from kata.checksums import FOLDERS, compare, read_checksums
from kata.manifest import ROOT


def test_the_checksums_are_those_of_the_files():
    assert compare(ROOT) == {}, "write them anew: python data/checksums.py"


def test_there_is_one_for_everything_that_a_pipeline_or_the_data_set_reads():
    names = read_checksums(ROOT)
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in {".json", ".safetensors", ".parquet", ".txt"}:
                assert path.relative_to(ROOT).as_posix() in names


def test_sha256sum_would_agree():
    name, checksum = next(iter(read_checksums(ROOT).items()))
    assert hashlib.sha256((ROOT / name).read_bytes()).hexdigest() == checksum
