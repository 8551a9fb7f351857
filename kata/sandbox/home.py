"""The worker's folder as the home of all that libraries write, also of those imported already."""

import os
import sys
import tempfile
from pathlib import Path

VARIABLES = {
    "HOME": "",
    "TMPDIR": "",
    "XDG_CACHE_HOME": "cache",
    "XDG_CONFIG_HOME": "config",
    "HF_HOME": "huggingface",
    "MPLCONFIGDIR": "matplotlib",
    "TORCH_HOME": "torch",
    "TORCHINDUCTOR_CACHE_DIR": "inductor",
}
READ_AT_IMPORT = (  # module, and which of its constants is the home of the others
    ("datasets.config", "HF_CACHE_HOME"),
    ("huggingface_hub.constants", "HF_HOME"),
)
NAME = "learner"


def settle(folder: Path) -> None:
    """Let every library that asks for a home, a cache or a temporary folder have it in `folder`.

    And let the libraries compute in one thread: a worker has one core, and few threads.
    """
    os.environ.update({name: str(folder / below) for name, below in VARIABLES.items()})
    os.environ.update(USER=NAME, LOGNAME=NAME)  # the list of users is not there to be asked
    tempfile.tempdir = str(folder)
    sys.dont_write_bytecode = True
    for name, home in READ_AT_IMPORT:
        if module := sys.modules.get(name):
            _move(module, str(getattr(module, home)), os.environ["HF_HOME"])
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)
    if arrow := sys.modules.get("pyarrow"):
        arrow.set_cpu_count(1)
        arrow.set_io_thread_count(1)


def _move(module, old: str, new: str) -> None:
    """Let every path among the module's constants that lies in `old` lie in `new`."""
    for name, value in list(vars(module).items()):
        if isinstance(value, (str, Path)) and Path(value).is_relative_to(old):
            setattr(module, name, type(value)(new / Path(value).relative_to(old)))
