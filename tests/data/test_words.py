"""The tokenizer knows the captions' words, and spells all others."""

import pytest
import torch
from transformers import CLIPTokenizer
from words import CUT, EMPTY, END, NONSENSE, START, WRONG, make_tokenizer, told, worn

CAPTIONS = [
    "a red butterfly with blue hindwings on a pale ground",
    "a butterfly with green forewings, orange hindwings and white bands on a sky ground",
]


@pytest.fixture(scope="module")
def tokenizer():
    return make_tokenizer(CAPTIONS)


def tokens(tokenizer, text):
    return tokenizer.convert_ids_to_tokens(tokenizer(text).input_ids)


def test_each_word_of_a_caption_is_one_token(tokenizer):
    words = CAPTIONS[1].replace(",", " ,").split()
    assert tokens(tokenizer, CAPTIONS[1]) == [START, *(f"{word}</w>" for word in words), END]


def test_capitals_and_spaces_do_not_matter(tokenizer):
    assert tokens(tokenizer, "A  Red BUTTERFLY") == tokens(tokenizer, "a red butterfly")


def test_other_words_are_spelled(tokenizer):
    spelled = "".join(tokens(tokenizer, "zeppelin")[1:-1])
    assert spelled == "zeppelin</w>"


def test_it_can_be_saved_and_loaded(tokenizer, tmp_path):
    tokenizer.save_pretrained(tmp_path)
    loaded = CLIPTokenizer.from_pretrained(tmp_path)
    for text in (*CAPTIONS, "", "zeppelin 42"):
        assert loaded(text).input_ids == tokenizer(text).input_ids
    assert loaded.model_max_length == tokenizer.model_max_length


def test_some_pictures_are_shown_with_the_caption_of_another():
    chosen = torch.arange(1000).repeat(4)
    whose = told(chosen, 1000, torch.Generator().manual_seed(0))
    assert (whose != chosen).float().mean().item() == pytest.approx(WRONG, abs=0.03)
    assert whose.min() >= 0 and whose.max() < 1000


def test_captions_are_worn_as_often_as_is_said():
    generator = torch.Generator().manual_seed(0)
    seen = [worn(CAPTIONS[0], generator) for _ in range(4000)]
    words = set(CAPTIONS[0].split())
    empty = sum(text == "" for text in seen)
    cut = sum(text not in ("", CAPTIONS[0]) and words.issuperset(text.split()) for text in seen)
    nonsense = sum(text != "" and words.isdisjoint(text.split()) for text in seen)
    for count, share in ((empty, EMPTY), (cut, CUT), (nonsense, NONSENSE)):
        assert count / 4000 == pytest.approx(share, abs=0.03)


def test_what_a_cut_leaves_stands_in_the_caption():
    generator = torch.Generator().manual_seed(1)
    whole = CAPTIONS[1].replace(",", "")
    seen = {worn(CAPTIONS[1], generator).replace(",", "") for _ in range(300)}
    assert sum(text in whole for text in seen) > 20
