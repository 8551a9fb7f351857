"""Every picture once an epoch, in an order that is new each epoch and the same each run."""

import pytest
import torch

from kata import draw, expect
from kata.describe import describe
from kata.probes import DrawnRows

COUNT, BATCH = 22, 5  # four batches of five, and two pictures over
LOADER = "a `DataLoader`"
EPOCHS = 12
GLOBAL = (
    "`torch.manual_seed(seed)` seeds the global generator and returns it, and everything else "
    "draws from it, too: `torch.Generator()` makes a new one."
)


@pytest.fixture
def dataset(rng):
    """Rows as the transform gives them. 22 pictures stay in order by chance once in 10^21."""
    return [{"images": picture} for picture in draw.pictures(rng, COUNT, 4)]


def loader_of(exercise, dataset, seed, batch_size=BATCH):
    """Ask the learner for a loader, and look at it before anything is read."""
    loader = expect.thing(exercise.make_dataloader(dataset, batch_size, seed), LOADER)
    expect.that(
        loader.type_name.endswith("DataLoader"), f"the result is a {loader.type_name}", LOADER
    )
    workers = loader.attribute("num_workers")
    expect.that(
        workers == 0,
        f"loader.num_workers is {describe(workers)}",
        "0, as it is when nothing is said: the loader reads the rows itself",
        "The pictures are few and small: processes that read them cost more than they save.",
    )
    return loader


def epoch_of(loader, dataset):
    """Iterate once and return the order: a list of row numbers for each batch."""
    return [_rows_of(batch, dataset) for batch in loader]


def order_of(loader, dataset):
    return flat(epoch_of(loader, dataset))


def flat(epoch):
    return [row for rows in epoch for row in rows]


def shuffled_epochs(loader, dataset):
    """Iterate twice and return the two orders, which shuffling makes different."""
    first, second = (order_of(loader, dataset) for _ in range(2))
    expect.that(
        first != second,
        "two epochs of one loader in the same order",
        "pictures that are shuffled anew for each epoch",
    )
    return first, second


def _rows_of(batch, dataset):
    images = expect.mapping(batch, "images")
    expect.tensor(images, (None, 3, 4, 4), torch.float32, name='`batch["images"]`')
    pictures = torch.stack([row["images"] for row in dataset])
    same = (images[:, None] == pictures).flatten(2).all(2)
    expect.that(
        bool(same.any(1).all()), "a picture that is not in the data set", "pictures as they are"
    )
    return same.int().argmax(1).tolist()


@pytest.mark.parametrize("batch_size", [5, 8, 11, 64])
def test_an_epoch_shows_every_picture_once(exercise, dataset, seed, batch_size):
    """Batches of the size that was asked for, a smaller last one, no picture missed or repeated."""
    loader = loader_of(exercise, dataset, seed, batch_size)
    epoch = epoch_of(loader, dataset)
    whole, rest = divmod(COUNT, batch_size)
    sizes = [batch_size] * whole + [rest] * (rest > 0)
    dropped = "The last, smaller batch was dropped: `drop_last` is False by default."
    seen = [len(rows) for rows in epoch]
    hint = dropped if rest and seen == sizes[:-1] else ""
    expect.that(seen == sizes, f"batches of {seen} pictures", f"{sizes} of {COUNT}", hint)
    _check_that_none_is_missed(epoch)


def _check_that_none_is_missed(epoch):
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
    dealt = len(epoch_of(loader, dataset))
    expect.that(dealt == 5, f"a length of 5, but {dealt} batches in an epoch", "5 batches")


@pytest.mark.points(2)
def test_the_pictures_are_shuffled(exercise, dataset, seed):
    """The pictures themselves are shuffled, all of them together, not batches that are ready."""
    loader = loader_of(exercise, dataset, seed)
    epochs = [epoch_of(loader, dataset) for _ in range(EPOCHS)]
    first, second = epochs[:2]
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
        "Even their order is the same: shuffled once, or seeded again before each epoch."
        if first == second
        else "The data set was cut into batches once, and only they were shuffled, or each in "
        "itself.",
    )
    # Twelve first batches of 5 out of 22 miss five rows by chance once in 30 million.
    begun = {row for epoch in epochs for row in epoch[0]}
    for rows in (range(BATCH), range(COUNT - BATCH, COUNT)):
        expect.that(
            not begun.isdisjoint(rows),
            f"the first batches of {EPOCHS} epochs held none of the rows {rows[0]} to {rows[-1]}",
            "every picture equally likely at every place",
            "Shuffled within a part of the data set: `torch.randperm(len(dataset))` mixes all.",
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


@pytest.mark.points(4)
def test_a_seed_repeats_all_epochs(exercise, dataset, seed):
    """Two loaders of one seed deal out the same two epochs, whatever else draws random numbers."""
    loaders = [loader_of(exercise, dataset, seed) for _ in range(2)]
    orders = [shuffled_epochs(loader, dataset) for loader in loaders]
    hint = ""
    if orders[0] != orders[1]:
        hint = _why_not_repeated(exercise, dataset, loaders)
    expect.that(
        orders[0] == orders[1],
        "two loaders of the same seed gave different epochs",
        "the same epochs, whatever the global random state",
        hint,
    )
    expect.that(
        shuffled_epochs(loader_of(exercise, dataset, seed + 1), dataset) != orders[0],
        "a loader of another seed gave the same epochs",
        "epochs that the seed decides",
        "`seed` is not used.",
    )


def _why_not_repeated(exercise, dataset, loaders):
    """The misconception that explains why two loaders of one seed differ, or ""."""
    if _has_the_global_generator(loaders[0]):
        return GLOBAL
    if _follows_the_global_state(exercise, dataset, loaders[0]):
        return (
            "The order comes from the global random state, which everything else moves on: give "
            "the loader a `generator` of its own."
        )
    before, _ = loaders[1].attribute("generator"), order_of(loaders[0], dataset)
    after = loaders[1].attribute("generator")
    if _state(before) != _state(after):
        return "Both loaders draw from one generator: each needs one of its own."
    return ""


def _state(generator):
    is_generator = isinstance(generator, torch.Generator)
    return generator.get_state().tolist() if is_generator else None


def _has_the_global_generator(loader):
    """Whether loader.generator loses a state that is set: only the global one is set anew."""
    if not isinstance(loader.attribute("generator"), torch.Generator):
        return False
    state = torch.Generator().manual_seed(1).get_state()
    loader.restore("generator", state)
    return not torch.equal(loader.attribute("generator").get_state(), state)


def _follows_the_global_state(exercise, dataset, loader):
    """Whether two epochs of one loader agree that start from one global random state."""
    orders = []
    for _ in range(2):
        iterator = exercise.call(loader, method="iterate", seed=1)
        first = exercise.call(iterator, method="next", seed=2)
        orders.append(_rows_of(first[0], dataset))
    return orders[0] == orders[1]


@pytest.mark.points(2)
def test_another_seed_gives_other_epochs(exercise, dataset, seed):
    """The seed decides the order: an equal one gives the same, another one another."""
    *orders, again = (
        order_of(loader_of(exercise, dataset, other), dataset)
        for other in (seed, seed + 1, seed + 2, seed)
    )
    expect.that(
        len(set(map(tuple, orders))) == 3,
        "loaders of different seeds gave the same order",
        "another order for another seed",
        "`seed` is not used.",
    )
    expect.that(
        orders[0] == again,
        "loaders of the same seed gave different orders",
        "an order that the seed decides, and nothing else",
    )


@pytest.mark.points(4)
def test_the_loader_keeps_the_generator_that_shuffles(exercise, dataset, seed):
    """The state of loader.generator, set in a new loader of any seed, brings the next epochs."""
    loader = loader_of(exercise, dataset, seed)
    generator = loader.attribute("generator")
    is_generator = isinstance(generator, torch.Generator)
    expect.that(
        is_generator,
        f"loader.generator is {describe(generator)}",
        "a torch.Generator, given to the DataLoader as `generator`",
        "" if is_generator else _generator_hint(exercise, dataset, loader, generator),
    )
    is_global = _has_the_global_generator(loader)
    expect.that(
        not is_global, "loader.generator is torch's global one", "a generator of its own", GLOBAL
    )
    order_of(loader, dataset)
    saved = loader.attribute("generator").get_state()
    following = shuffled_epochs(loader, dataset)
    resumed = loader_of(exercise, dataset, seed + 1)
    resumed.restore("generator", saved)
    expect.that(
        shuffled_epochs(resumed, dataset) == following,
        "a new loader, whose generator was set to the state after the first epoch, did not go on "
        "with the second",
        "the epochs that the first loader went on to",
        "Something else than `loader.generator` decides the order, a second generator perhaps: "
        "one and the same belongs to the loader and to its sampler.",
    )


def _generator_hint(exercise, dataset, loader, generator):
    """The misconception that explains why loader.generator is no generator."""
    if generator is not None:
        return "A seed is no generator: `torch.Generator().manual_seed(seed)` makes one of it."
    if _follows_the_global_state(exercise, dataset, loader):
        return "The loader was given no generator, so it draws from the global random state."
    return "A sampler that was given the generator keeps it to itself: give it to the loader too."


def test_every_epoch_reads_every_row_anew(exercise, seed):
    """Rows are read when an epoch asks for them, so that a transform flips them anew."""
    rows = DrawnRows(COUNT)
    loader = loader_of(exercise, rows, seed)
    expect.that(
        rows.reads == 0,
        f"{rows.reads} of {COUNT} rows were read before the first epoch",
        "nothing read before an epoch asks for it",
        "Give the loader the data set itself, not a list of its rows.",
    )
    first, second = (_drawn(loader) for _ in range(2))
    kept = sum(torch.equal(first[row], second[row]) for row in range(COUNT))
    expect.that(
        kept == 0,
        f"{kept} of {COUNT} pictures were the same to the last bit in two epochs, though the data "
        "set draws them anew at each reading",
        "each epoch reads every row from the data set",
        "What was read once was kept: the flips of a transform would be frozen.",
    )


def _drawn(loader):
    """Iterate once over a loader of DrawnRows; return the pictures by their row."""
    batches = [expect.mapping(batch, "images") for batch in loader]
    for images in batches:
        expect.tensor(images, (None, 3, 4, 4), torch.float32, name='`batch["images"]`')
    return {int(picture[0, 0, 0]): picture for images in batches for picture in images}


def test_the_global_random_state_stays_as_it_was(exercise, dataset, seed):
    """Making a loader neither seeds nor moves the random numbers that everything else draws."""
    loader = loader_of(exercise, dataset, seed)
    expect.that(
        not exercise.calls[0].drew,
        "torch's global random state was changed by the call",
        "the global state as it was: noise and dropout draw from it",
        "`torch.manual_seed` seeds it for everybody; `torch.Generator().manual_seed` does not.",
    )
    _check_that_none_is_missed(epoch_of(loader, dataset))


def test_the_data_set_stays_as_it_was(exercise, dataset, seed):
    """The rows of the data set stay in their order."""
    loader = loader_of(exercise, dataset, seed)
    expect.unchanged(exercise.calls[0])
    _check_that_none_is_missed(epoch_of(loader, dataset))
