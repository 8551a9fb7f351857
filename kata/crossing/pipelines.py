"""Pipelines: class name and parts; of transformers the text encoder and the tokenizer of CLIP."""

import inspect
import json
import sys
import tempfile
from pathlib import Path

from diffusers import DiffusionPipeline, SchedulerMixin

from kata.crossing.base import CrossingError
from kata.crossing.library import class_of, find_class, pack_state, with_state

TOKENIZER_FILES = {
    "added_tokens.json",
    "merges.txt",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.json",
}
SETTINGS = {"special_tokens_map.json", "tokenizer_config.json"}
KNOWN_SETTINGS = {
    "add_prefix_space",
    "added_tokens_decoder",
    "additional_special_tokens",
    "backend",
    "bos_token",
    "clean_up_tokenization_spaces",
    "do_lower_case",
    "eos_token",
    "errors",
    "extra_special_tokens",
    "max_length",
    "model_max_length",
    "pad_to_multiple_of",
    "pad_token",
    "pad_token_type_id",
    "padding_side",
    "stride",
    "truncation_side",
    "truncation_strategy",
    "unk_token",
}


def pack_pipeline(packer, pipeline: DiffusionPipeline) -> dict:
    parts = pipeline.components
    known = inspect.signature(type(pipeline).__init__).parameters
    settings = {k: v for k, v in pipeline.config.items() if k in known and k not in parts}
    return {
        "name": type(pipeline).__name__,
        "parts": packer.tree(parts),
        "settings": packer.tree(settings),
        "progress_bar": packer.tree(getattr(pipeline, "_progress_bar_config", {})),
    }


def unpack_pipeline(unpacker, name, parts, settings, progress_bar) -> DiffusionPipeline:
    options = {**unpacker.value(parts), **unpacker.value(settings)}
    pipeline = class_of(name, DiffusionPipeline)(**options)
    pipeline.set_progress_bar_config(**unpacker.value(progress_bar))
    return pipeline


def is_clip(name: str):
    """A function that says whether a value is of exactly this class of transformers."""

    def matches(value: object) -> bool:
        transformers = sys.modules.get("transformers")
        return type(value).__name__ == name and type(value) is getattr(transformers, name, None)

    return matches


def pack_text_encoder(packer, encoder) -> dict:
    config = packer.tree(_plain(encoder.config.to_dict()))
    return {"config": config, **pack_state(packer, encoder)}


def unpack_text_encoder(unpacker, config, **state):
    from transformers import CLIPTextConfig, CLIPTextModel

    encoder = CLIPTextModel(CLIPTextConfig.from_dict(unpacker.value(config)))
    return with_state(unpacker, encoder, **state)


def _plain(config: dict) -> dict:
    """A dtype in a configuration of transformers is no plain value; the weights have it anyway."""
    return {key: value for key, value in config.items() if "dtype" not in key}


def pack_tokenizer(packer, tokenizer) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        tokenizer.save_pretrained(folder)
        files = {path.name: path.read_text(encoding="utf-8") for path in Path(folder).iterdir()}
    return {"files": packer.tree(files)}


def unpack_tokenizer(unpacker, files):
    from transformers import CLIPTokenizer

    texts = unpacker.value(files)
    if not TOKENIZER_FILES.issuperset(texts):
        raise CrossingError("a tokenizer has no files of these names")
    with tempfile.TemporaryDirectory() as folder:
        for name, text in texts.items():
            text = _settings(text) if name in SETTINGS else text
            (Path(folder) / name).write_text(text, encoding="utf-8")
        return CLIPTokenizer.from_pretrained(folder, local_files_only=True)


def _settings(text: str) -> str:
    """The settings that say nothing of where a file lies."""
    return json.dumps(
        {key: value for key, value in json.loads(text).items() if key in KNOWN_SETTINGS}
    )


def is_scheduler_class(value: object) -> bool:
    """A class, not an object: what a learner is handed to swap one scheduler for another."""
    return isinstance(value, type) and find_class(value.__name__, SchedulerMixin) is value


def pack_class(packer, value: type) -> dict:
    return {"name": value.__name__}


def unpack_class(unpacker, name: str) -> type:
    return class_of(name, SchedulerMixin)
