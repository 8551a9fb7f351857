"""Every picture once an epoch, in an order that is new each epoch and the same each run."""

import pytest
import torch

from kata import draw, expect
from kata.describe import describe

COUNT, BATCH = 22, 5  # four batches of five, and two pictures over
LOADER = "a `DataLoader`"


@pytest.fixture
def dataset(rng):
    """Rows as the transform gives them. 22 pictures stay in order by chance once in 10^21."""
    return [{"images": picture} for picture in draw.pictures(rng, COUNT, 4)]


def loader_of(exercise, dataset, seed, batch_size=BATCH):
    return expect.thing(exercise.make_dataloader(dataset, batch_size, seed), LOADER)


def epoch_of(loader, dataset):
    """Iterate once and return the order: a list of row numbers for each batch."""
    return [_rows_of(batch, dataset) for batch in loader]


def order_of(loader, dataset):
    return flat(epoch_of(loader, dataset))


def flat(epoch):
    return [row for rows in epoch for row in rows]


def _rows_of(batch, dataset):
    images = expect.mapping(batch, "images")
    expect.tensor(images, (None, 3, 4, 4), torch.float32, name='`batch["images"]`')
    pictures = torch.stack([row["images"] for row in dataset])
    same = (images[:, None] == pictures).flatten(2).all(2)
    expect.that(
        bool(same.any(1).all()), "a picture that is not in the data set", "pictures as they are"
    )
    return same.int().argmax(1).tolist()


@pytest.mark.points(2)
@pytest.mark.parametrize("batch_size", [5, 8, 11, 64])
def test_an_epoch_shows_every_picture_once(exercise, dataset, seed, batch_size):
    """Batches of the size that was asked for, a smaller last one, no picture missed or repeated."""
    loader = loader_of(exercise, dataset, seed, batch_size)
    expect.that(
        loader.type_name.endswith("DataLoader"), f"the result is a {loader.type_name}", LOADER, ""
    )
    epoch = epoch_of(loader, dataset)
    whole, rest = divmod(COUNT, batch_size)
    sizes = [batch_size] * whole + [rest] * (rest > 0)
    dropped = "The last, smaller batch was dropped: `drop_last` is False by default."
    seen = [len(rows) for rows in epoch]
    hint = dropped if rest and seen == sizes[:-1] else ""
    expect.that(seen == sizes, f"batches of {seen} pictures", f"{sizes} of {COUNT}", hint)
    missed = COUNT - len(set(flat(epoch)))
    expect.that(
        missed == 0,
        f"{missed} of {COUNT} pictures were missed in an epoch, others came twice",
        "every picture exactly once",
        "Rows were drawn with replacement.",
    )


def test_the_loader_knows_its_length(exercise, dataset, seed):
    """len(loader) is the number of batches, the last one included."""
    loader = loader_of(exercise, dataset, seed)
    expect.that(len(loader) == 5, f"a length of {len(loader)}", f"5: {COUNT} pictures by {BATCH}")


@pytest.mark.points(2)
def test_the_pictures_are_shuffled(exercise, dataset, seed):
    """The pictures themselves are shuffled, not batches that are ready."""
    loader = loader_of(exercise, dataset, seed)
    first, second = (epoch_of(loader, dataset) for _ in range(2))
    expect.that(
        flat(first) != list(range(COUNT)),
        "the pictures in the order of the data set",
        "a random order",
        "`shuffle` is False by default.",
    )
    expect.that(
        set(map(frozenset, first)) != set(map(frozenset, second)),
        "two epochs whose batches are made of the same pictures",
        "a picture in other company each time",
        "The data set was cut into batches once, and only they were shuffled, or each in itself.",
    )


@pytest.mark.points(2)
def test_every_epoch_has_an_order_of_its_own(exercise, dataset, seed):
    """Iterating again shuffles again."""
    loader = loader_of(exercise, dataset, seed)
    orders = [order_of(loader, dataset) for _ in range(3)]
    expect.that(
        len(set(map(tuple, orders))) == 3,
        "epochs in the same order",
        "each epoch in another order",
        "Shuffled once, or a generator that is seeded again before each epoch.",
    )


@pytest.mark.points(2)
def test_a_seed_repeats_all_epochs(exercise, dataset, seed):
    """Two loaders of one seed deal out the same two epochs, whatever else draws random numbers."""
    orders = [
        [order_of(loader, dataset) for _ in range(2)]
        for loader in (loader_of(exercise, dataset, seed) for _ in range(2))
    ]
    expect.that(
        orders[0] == orders[1],
        "two loaders of the same seed gave different epochs",
        "the same epochs, whatever the global random state",
        "The order comes from the global random state, which everything else moves on: give the "
        "loader a `generator` of its own."
        if _follows_the_global_state(exercise, dataset, seed)
        else "",
    )


def _follows_the_global_state(exercise, dataset, seed):
    """Whether the order agrees once both loaders start from one global random state."""
    orders = []
    for _ in range(2):
        loader = loader_of(exercise, dataset, seed)
        iterator = exercise.call(loader, method="iterate", seed=1)
        first = exercise.call(iterator, method="next", seed=2)
        orders.append(_rows_of(first[0], dataset))
    return orders[0] == orders[1]


def test_another_seed_gives_other_epochs(exercise, dataset, seed):
    """The seed decides the order."""
    orders = {
        tuple(order_of(loader_of(exercise, dataset, other), dataset))
        for other in range(seed, seed + 3)
    }
    expect.that(
        len(orders) == 3,
        "loaders of different seeds gave the same order",
        "another order for another seed",
        "`seed` is not used.",
    )


@pytest.mark.points(2)
def test_the_loader_keeps_the_generator_that_shuffles(exercise, dataset, seed):
    """loader.generator is a torch.Generator, and shuffling an epoch moves it on."""
    loader = loader_of(exercise, dataset, seed)
    before = loader.attribute("generator")
    expect.that(
        isinstance(before, torch.Generator),
        f"loader.generator is {describe(before)}",
        "a torch.Generator, given to the DataLoader as `generator`",
        "A sampler that was given the generator keeps it to itself: give it to the loader too.",
    )
    order_of(loader, dataset)
    after = loader.attribute("generator")
    expect.that(
        not torch.equal(before.get_state(), after.get_state()),
        "the state of loader.generator is the same after an epoch",
        "a generator that shuffling has moved on",
    )


def test_the_data_set_stays_as_it_was(exercise, dataset, seed):
    """The rows of the data set stay in their order."""
    loader_of(exercise, dataset, seed)
    expect.unchanged(exercise.last)
