"""Write data/SHA256SUMS anew, after the data set, a model or a card was made anew.

python data/checksums.py     from the repository's root; `kata doctor` compares with it
"""

from __future__ import annotations

from kata.checksums import SUMS, write_checksums
from kata.manifest import ROOT

if __name__ == "__main__":
    print(f"{SUMS}: {write_checksums(ROOT)} files")
