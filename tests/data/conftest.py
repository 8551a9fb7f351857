"""The scripts in data/ import one another by name, as they do when one of them is run."""

import sys

from kata.manifest import ROOT

sys.path.append(str(ROOT / "data"))
