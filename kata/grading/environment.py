"""What a verdict depends on beside the answer and its suite: the versions of what runs them."""

import functools
import platform
from importlib.metadata import version

LIBRARIES = (
    "accelerate",
    "datasets",
    "diffusers",
    "numpy",
    "pillow",
    "pytest",
    "torch",
    "torchvision",
    "transformers",
)


@functools.cache
def environment() -> dict[str, str]:
    """Versions by name. Those of every library that katas are written with, and of Python."""
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}
