"""Let a data set preprocess its pictures while it is read, row by row.

Goal    `dataset[i]["images"]` is a tensor, made at the moment when somebody asks for it
Source  datasets.Dataset.set_transform
Check   pytest exercises/01_data/transform.py
Stuck   kata hint transform
"""

from functools import partial

from torchvision import transforms


def transform(examples, image_size=32):
    """Return the tensors of a batch of examples, under the key that the training reads.

    examples    a dict of columns, as `set_transform` hands it over: a list with one entry for each
                row under each key. `examples["image"]` is a list of PIL images of any size and
                mode; other columns (captions) may be there
    image_size  int s: height and width of the tensors
    return      a dict with the one key "images": a list of tensors (3, s, s), or one stacked tensor
                (B, 3, s, s), made by `torch.stack`, in the order of the examples. What can't be
                batched later (PIL images, text) stays behind

    Each picture is preprocessed by itself, as in the kata `preprocess`: `convert("RGB")`, resized
    to s x s with nothing cropped (antialiased), left and right swapped at random for half of the
    pictures, float32 in [-1, 1].
    """
    # TODO: Build the preprocessing, then apply it to each picture of the list.
    raise NotImplementedError("TODO: transform")


def attach(dataset, image_size):
    """Return the data set with `transform` attached to it.

    dataset     a `datasets.Dataset` with a column "image"; it may be changed
    image_size  int s: height and width of the tensors
    return      a `datasets.Dataset` of the same rows: `dataset[i]["images"]` is the tensor
                (3, s, s) of row i, `dataset[0:4]["images"]` the four of the first rows

    Nothing is computed until a row is asked for, and only for the rows that are. A row that is
    asked for again is computed again, so its flip is drawn anew.
    """
    # TODO: Hand the data set a function of the examples alone, in which `image_size` is settled.
    raise NotImplementedError("TODO: attach")
