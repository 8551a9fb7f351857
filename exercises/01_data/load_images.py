"""Load a data set of pictures: the same line for a folder on disk and a name on the hub.

Goal    the butterflies as a data set: one row a picture, with its caption beside it
Source  datasets.load_dataset
Check   pytest exercises/01_data/load_images.py
Stuck   kata hint load_images
"""

from datasets import load_dataset


def load_butterflies(path_or_name, split="train"):
    """Return one split of a data set of pictures.

    path_or_name  str: a folder that `load_dataset` understands (parquet files such as
                  `data/butterflies`, or plain pictures in a folder for each split), or the name of
                  a data set on the hub (`huggan/smithsonian_butterflies_subset`)
    split         str: the name of a split, or a part of one in the notation of `load_dataset`:
                  "train[:100]", "test[50%:]"
    return        a `datasets.Dataset` with the rows and columns of that split and of no other, in
                  their order. Its pictures are read when a row is asked for, and only those of that
                  row: `dataset[0]["image"]` is a PIL image

    What `load_dataset` raises for a folder, a name or a split that does not exist is passed on.
    """
    # TODO: Let `load_dataset` find out what it was given, and ask it for the one split.
    raise NotImplementedError("TODO: load_butterflies")
