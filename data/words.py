"""The tokenizer of the text-to-image model, and what captions become in its training."""

from __future__ import annotations

import json
import string
import tempfile
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import CLIPTokenizer

MAX_LENGTH = 32
START, END = "<|startoftext|>", "<|endoftext|>"

# How often a caption is left out, cut to some of its words, or replaced by letters without sense.
EMPTY, CUT, NONSENSE = 0.10, 0.25, 0.03

# How often the training shows the caption of another picture, as collections from the web do. A
# model that was never told anything wrong believes its prompt at guidance 1 as firmly as at 7.5.
WRONG = 0.15


def make_tokenizer(captions: list[str]) -> CLIPTokenizer:
    """A CLIP tokenizer whose byte-pair merges make each word of the captions one token.

    Whatever else is typed is spelled out in bytes, as in any CLIP tokenizer.
    """
    bytes_ = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Whitespace(), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=10_000,
        min_frequency=1,
        initial_alphabet=bytes_,
        end_of_word_suffix="</w>",
        show_progress=False,
    )
    tokenizer.train_from_iterator(captions, trainer)
    merges = [tuple(merge) for merge in json.loads(tokenizer.to_str())["model"]["merges"]]
    tokens = [*bytes_, *(f"{byte}</w>" for byte in bytes_), *("".join(merge) for merge in merges)]
    vocabulary = {token: number for number, token in enumerate([*tokens, START, END])}
    with tempfile.TemporaryDirectory() as folder:
        return CLIPTokenizer(
            *map(str, write_vocabulary(Path(folder), vocabulary, merges)),
            unk_token=END,
            bos_token=START,
            eos_token=END,
            pad_token=END,
            model_max_length=MAX_LENGTH,
        )


def write_vocabulary(folder: Path, vocabulary: dict[str, int], merges: list) -> tuple[Path, Path]:
    """Write the two files of a CLIP tokenizer, and return their paths."""
    words, pairs = folder / "vocab.json", folder / "merges.txt"
    words.write_text(json.dumps(vocabulary), encoding="utf-8")
    lines = ["#version: 0.2", *(" ".join(merge) for merge in merges)]
    pairs.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return words, pairs


def told(chosen: torch.Tensor, count: int, generator: torch.Generator) -> torch.Tensor:
    """Return whose captions, of `count`, the chosen pictures are shown with: mostly their own."""
    others = torch.randint(count, chosen.shape, generator=generator)
    return torch.where(torch.rand(chosen.shape, generator=generator) < WRONG, others, chosen)


def worn(caption: str, generator: torch.Generator) -> str:
    """Return the caption as the training shows it: mostly whole, at times worn.

    The empty prompt is what guidance points away from; some neighbouring words teach short
    prompts; letters without sense teach that such a prompt says nothing.
    """
    chance = torch.rand(1, generator=generator).item()
    if chance < EMPTY:
        return ""
    if chance < EMPTY + CUT:
        words = caption.replace(",", "").split()
        start, end = sorted(torch.randperm(len(words) + 1, generator=generator)[:2].tolist())
        return " ".join(words[start:end])
    if chance < EMPTY + CUT + NONSENSE:
        letters = torch.randint(26, (3, 5), generator=generator).tolist()
        return " ".join("".join(string.ascii_lowercase[n] for n in word) for word in letters)
    return caption
