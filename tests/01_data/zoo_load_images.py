"""Wrong and right answers to load_images."""

import glob
import os
from pathlib import Path

import datasets
from datasets import load_dataset, load_dataset_builder, load_from_disk

from kata.zoo import mistake, rewrite, variant

SHIPPED = "test_the_shipped_butterflies_are_loaded"
SPLIT = "test_only_the_split_that_was_asked_for"
PART = "test_a_part_of_a_split"
UNREAD = "test_a_picture_is_read_when_its_row_is_asked_for"
MISSING = "test_a_missing_folder_is_an_error"
UNKNOWN = "test_an_unknown_split_is_an_error"


@mistake("load_butterflies", rejected_by=SHIPPED, says="all splits in a DatasetDict")
def all_splits(path_or_name, split="train"):
    """Without `split` all splits come back, in a dictionary."""
    return load_dataset(path_or_name)


@rewrite(all_splits)
def all_splits_of_a_builder(path_or_name, split="train"):
    """What `load_dataset` does, in three steps."""
    builder = load_dataset_builder(path_or_name)
    builder.download_and_prepare()
    return builder.as_dataset()


@mistake("load_butterflies", rejected_by=f"{SPLIT}[test]", says="rows of the split 'train'")
def always_train(path_or_name, split="train"):
    """ "train" is written into the function, whatever `split` says."""
    return load_dataset(path_or_name, split="train")


@rewrite(always_train)
def always_train_of_the_dictionary(path_or_name, split="train"):
    """All splits are loaded, and one is taken out of the dictionary."""
    splits = datasets.load_dataset(path=path_or_name)
    return splits["train"]


@mistake("load_butterflies", rejected_by="test_train_is_the_default", says="of the split 'test'")
def another_default(path_or_name, split="test"):
    """The default of `split` is no longer "train"."""
    return load_dataset(path_or_name, split=split)


@mistake("load_butterflies", rejected_by=f"{SPLIT}[train]", says="rows of all splits")
def splits_together(path_or_name, split="train"):
    """All splits are joined by `split="all"`: the test pictures are trained on."""
    return load_dataset(path_or_name, split="all")


@mistake("load_butterflies", rejected_by=f"{PART}[rows]", says="KeyError")
def indexed_by_split(path_or_name, split="train"):
    """`split` is looked up in the dictionary of all splits, which knows names, but no parts such
    as "train[:100]".
    """
    return load_dataset(path_or_name)[split]


@rewrite(indexed_by_split)
def looked_up_by_split(path_or_name, split="train"):
    """All splits are put into a dict, in which the split is looked up."""
    loaded = datasets.load_dataset(path_or_name, split=None)
    by_name = {}
    for name, rows in loaded.items():
        by_name[name] = rows
    return by_name[split]


@mistake("load_butterflies", rejected_by=SHIPPED, says="streaming=True")
def streamed(path_or_name, split="train"):
    """The data set is streamed: it has neither a length nor rows that can be asked for."""
    return load_dataset(path_or_name, split=split, streaming=True)


@mistake("load_butterflies", rejected_by=SPLIT, says="rows: those of the split")
def path_written_in(path_or_name, split="train"):
    """The path of the butterflies is written into the function."""
    return load_dataset(str(Path(__file__).parents[2] / "data" / "butterflies"), split="train")


@mistake("load_butterflies", rejected_by=SHIPPED, says="FileNotFoundError")
def loaded_from_disk(path_or_name, split="train"):
    """`load_from_disk` is used, which reads what `save_to_disk` wrote, and nothing else."""
    return load_from_disk(path_or_name)[split]


@mistake("load_butterflies", rejected_by="test_plain_pictures_in_folders", says="raised")
def parquet_only(path_or_name, split="train"):
    """The parquet files are looked for by hand, which is one of several layouts."""
    files = sorted(glob.glob(f"{path_or_name}/data/{split.partition('[')[0]}-*.parquet"))
    return load_dataset("parquet", data_files={"train": files}, split="train")


@mistake("load_butterflies", rejected_by=SHIPPED, says="raised")
def picture_folders_only(path_or_name, split="train"):
    """`imagefolder` is asked for, which looks for loose pictures, also where there are parquet
    files.
    """
    return load_dataset("imagefolder", data_dir=path_or_name, split=split)


@mistake("load_butterflies", rejected_by=f"{SPLIT}[train]", says="another order")
def shuffled(path_or_name, split="train"):
    """The rows are shuffled, which is the loader's business."""
    return load_dataset(path_or_name, split=split).shuffle(seed=0)


@mistake("load_butterflies", rejected_by=SHIPPED, says="PIL image")
def left_undecoded(path_or_name, split="train"):
    """The pictures are left undecoded, as bytes in a file format."""
    dataset = load_dataset(path_or_name, split=split)
    return dataset.cast_column("image", datasets.Image(decode=False))


@mistake("load_butterflies", rejected_by=f"{SPLIT}[validation]", says="dict with the key 'caption'")
def captions_dropped(path_or_name, split="train"):
    """Only the pictures are kept, and the captions dropped."""
    return load_dataset(path_or_name, split=split).select_columns(["image"])


@mistake("load_butterflies", rejected_by=SHIPPED, says="`datasets.Dataset`")
def a_list_of_pictures(path_or_name, split="train"):
    """A list of pictures is returned, and no data set."""
    return load_dataset(path_or_name, split=split)[:8]["image"]


@mistake("load_butterflies", rejected_by=UNKNOWN, says="for the split 'nothing'")
def errors_swallowed(path_or_name, split="train"):
    """Something else is loaded where the split can't be found, and nobody is told."""
    try:
        return load_dataset(path_or_name, split=split)
    except ValueError:
        return load_dataset(path_or_name, split="train")


@mistake("load_butterflies", rejected_by=MISSING, says="for a folder that is missing")
def missing_folder_swallowed(path_or_name, split="train"):
    """Where the folder can't be found, an empty data set hides it."""
    try:
        return load_dataset(path_or_name, split=split)
    except FileNotFoundError:
        return datasets.Dataset.from_dict({"image": [], "caption": []})


def raises_at_once(path_or_name):
    if not Path(path_or_name).exists():
        raise FileNotFoundError
    raise ValueError


@mistake("load_butterflies", rejected_by=MISSING, says="ValueError")
def nothing_but_errors(path_or_name, split="train"):
    """Errors are raised, and nothing is ever loaded."""
    return raises_at_once(path_or_name)


@mistake("load_butterflies", rejected_by=UNKNOWN, says="ValueError")
def nothing_but_errors_for_splits(path_or_name, split="train"):
    """Errors are raised, and nothing is ever loaded."""
    return raises_at_once(path_or_name)


@mistake("load_butterflies", rejected_by=f"{PART}[percent]", says="raised")
def parts_by_hand(path_or_name, split="train"):
    """The notation of `split` is taken apart by hand, and percentages are forgotten."""
    name, _, part = split.rstrip("]").partition("[")
    dataset = load_dataset(path_or_name, split=name)
    start, stop = (int(text) if text else None for text in (part or ":").split(":"))
    return dataset.select(range(len(dataset))[start:stop])


@mistake("load_butterflies", rejected_by=UNREAD, says="find out who reads too early")
def all_pictures_read(path_or_name, split="train"):
    """Pictures are opened before anybody asks for their rows."""
    dataset = load_dataset(path_or_name, split=split)
    for row in dataset.select(range(min(len(dataset), 10))):
        row["image"].load()
    return dataset


@mistake("load_butterflies", rejected_by=SHIPPED, says="is a configuration: name it")
def split_by_position(path_or_name, split="train"):
    """`split` is given as the second argument of `load_dataset`, which is the name of a
    configuration.
    """
    return load_dataset(path_or_name, split)


@rewrite(split_by_position)
def split_by_the_name_of_the_configuration(path_or_name, split="train"):
    """The split is handed over by keyword, but by that of the configuration."""
    options = {"path": path_or_name, "name": split}
    return datasets.load_dataset(**options)


@variant("load_butterflies")
def by_keywords(path_or_name, split="train"):
    """Everything by name, from the module."""
    return datasets.load_dataset(path=os.fspath(path_or_name), split=split)


@variant("load_butterflies")
def by_its_builder(path_or_name, split="train"):
    """What `load_dataset` does, in three steps."""
    builder = load_dataset_builder(path_or_name)
    builder.download_and_prepare()
    return builder.as_dataset(split=split)


@variant("load_butterflies")
def a_list_of_one_split(path_or_name, split="train"):
    """A list of splits gives a list of data sets."""
    (dataset,) = load_dataset(path_or_name, split=[split])
    return dataset
