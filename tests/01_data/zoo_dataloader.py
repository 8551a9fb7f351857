"""Wrong and right answers to dataloader."""

import random

import torch
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    RandomSampler,
    Sampler,
    SequentialSampler,
    Subset,
)

from kata.zoo import mistake, rewrite, variant

ONCE = "test_an_epoch_shows_every_picture_once"
SHUFFLED = "test_the_pictures_are_shuffled"
ANEW = "test_every_epoch_has_an_order_of_its_own"
REPEATED = "test_a_seed_repeats_all_epochs"
OTHER = "test_another_seed_gives_other_epochs"
READ = "test_every_epoch_reads_every_row_anew"
GLOBAL = "test_the_global_random_state_stays_as_it_was"
KEPT = "test_the_loader_keeps_the_generator_that_shuffles"


@mistake("make_dataloader", rejected_by=SHUFFLED, says="`shuffle` is False by default")
def not_shuffled(dataset, batch_size, seed):
    """The loader has a generator, but without `shuffle=True` or a sampler nothing is shuffled."""
    return DataLoader(dataset, batch_size, generator=torch.Generator().manual_seed(seed))


@rewrite(not_shuffled)
def not_shuffled_by_a_sampler(dataset, batch_size, seed):
    """The order of the rows is that of a sampler."""
    rng = torch.Generator()
    rng.manual_seed(seed)
    order = SequentialSampler(dataset)
    return DataLoader(
        dataset=dataset, batch_size=batch_size, sampler=order, drop_last=False, generator=rng
    )


@mistake("make_dataloader", rejected_by=REPEATED, says="comes from the global random state")
def no_generator(dataset, batch_size, seed):
    """The loader gets no generator, so the global random state decides the order, and not the
    seed.
    """
    return DataLoader(dataset, batch_size, shuffle=True)


@rewrite(no_generator)
def no_generator_for_the_sampler(dataset, batch_size, seed):
    """A sampler in the place of `shuffle=True`, and no generator for it either."""
    sampler = RandomSampler(dataset)
    batches = BatchSampler(sampler, batch_size=batch_size, drop_last=False)
    return DataLoader(dataset, batch_sampler=batches)


@mistake("make_dataloader", rejected_by=REPEATED, says="comes from the global random state")
def seeded_globally(dataset, batch_size, seed):
    """`torch.manual_seed` seeds the state that everybody draws from, and the loader gets no
    generator.
    """
    torch.manual_seed(seed)
    return DataLoader(dataset, batch_size, shuffle=True)


@mistake("make_dataloader", rejected_by=f"{ONCE}[5]", says="smaller batch was dropped")
def last_batch_dropped(dataset, batch_size, seed):
    """The last, smaller batch is dropped, so that some pictures are missing from each epoch."""
    generator = torch.Generator().manual_seed(seed)
    return DataLoader(dataset, batch_size, shuffle=True, drop_last=True, generator=generator)


@rewrite(last_batch_dropped)
def last_batch_dropped_by_a_sampler(dataset, batch_size, seed):
    """Lists of row numbers decide what is in a batch, and there are only full ones."""
    rng = torch.Generator()
    rng.manual_seed(seed)
    batches = BatchSampler(RandomSampler(dataset, generator=rng), batch_size, drop_last=True)
    return DataLoader(dataset, batch_sampler=batches, generator=rng)


@mistake("make_dataloader", rejected_by=ONCE, says="with replacement")
def drawn_with_replacement(dataset, batch_size, seed):
    """Each row is drawn from all rows: some come twice in an epoch, some never."""
    generator = torch.Generator().manual_seed(seed)
    sampler = RandomSampler(dataset, replacement=True, generator=generator)
    return DataLoader(dataset, batch_size, sampler=sampler, generator=generator)


@mistake("make_dataloader", rejected_by=ANEW, says="Shuffled once")
def shuffled_once(dataset, batch_size, seed):
    """The order is fixed once, by the seed: every epoch has the same one."""
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randperm(len(dataset), generator=generator).tolist()
    return DataLoader(Subset(dataset, rows), batch_size, generator=generator)


@rewrite(shuffled_once)
def shuffled_once_by_a_list_of_rows(dataset, batch_size, seed):
    """The sampler is a list of row numbers, which stays as it is."""
    rng = torch.Generator().manual_seed(seed)
    order = [int(i) for i in torch.randperm(len(dataset), generator=rng)]
    return DataLoader(dataset, batch_size=batch_size, sampler=order, generator=rng)


class SeededEachEpoch(Sampler):
    def __init__(self, dataset, seed):
        self.dataset, self.seed = dataset, seed

    def __len__(self):
        return len(self.dataset)

    def __iter__(self):
        generator = torch.Generator().manual_seed(self.seed)
        return iter(torch.randperm(len(self.dataset), generator=generator).tolist())


@mistake("make_dataloader", rejected_by=ANEW, says="seeded again before each epoch")
def seeded_each_epoch(dataset, batch_size, seed):
    """The order is fixed once, by the seed: every epoch has the same one."""
    generator = torch.Generator().manual_seed(seed)
    sampler = SeededEachEpoch(dataset, seed)
    return DataLoader(dataset, batch_size, sampler=sampler, generator=generator)


class ShuffledBlocks(Sampler):
    """Neighbouring rows stay together in a batch."""

    def __init__(self, count, batch_size, generator, inside):
        self.blocks = list(torch.arange(count).split(batch_size))
        self.generator, self.inside = generator, inside

    def __len__(self):
        return len(self.blocks)

    def __iter__(self):
        for number in [*self._order(len(self.blocks) - 1), len(self.blocks) - 1]:
            block = self.blocks[number]
            yield (block[self._order(len(block))] if self.inside else block).tolist()

    def _order(self, count):
        return torch.randperm(count, generator=self.generator).tolist()


@mistake("make_dataloader", rejected_by=SHUFFLED, says="cut into batches once")
def batches_shuffled(dataset, batch_size, seed):
    """Ready batches are shuffled: the same pictures share a batch in every epoch."""
    generator = torch.Generator().manual_seed(seed)
    blocks = ShuffledBlocks(len(dataset), batch_size, generator, inside=False)
    return DataLoader(dataset, batch_sampler=blocks, generator=generator)


@mistake("make_dataloader", rejected_by=SHUFFLED, says="cut into batches once")
def batches_shuffled_in_themselves(dataset, batch_size, seed):
    """Pictures are shuffled within ready batches: the same ones share a batch in every epoch."""
    generator = torch.Generator().manual_seed(seed)
    blocks = ShuffledBlocks(len(dataset), batch_size, generator, inside=True)
    return DataLoader(dataset, batch_sampler=blocks, generator=generator)


@mistake("make_dataloader", rejected_by=OTHER, says="`seed` is not used")
def another_seed(dataset, batch_size, seed):
    """A constant stands where the seed belongs."""
    generator = torch.Generator().manual_seed(0)
    return DataLoader(dataset, batch_size, shuffle=True, generator=generator)


@mistake("make_dataloader", rejected_by=KEPT, says="keeps it to itself")
def generator_only_in_the_sampler(dataset, batch_size, seed):
    """Only the sampler has the generator: whoever holds the loader cannot save its state."""
    sampler = RandomSampler(dataset, generator=torch.Generator().manual_seed(seed))
    return DataLoader(dataset, batch_size, sampler=sampler)


@mistake("make_dataloader", rejected_by=KEPT, says="Something else than `loader.generator`")
def two_generators(dataset, batch_size, seed):
    """The sampler shuffles by another generator than the one that the loader shows."""
    sampler = RandomSampler(dataset, generator=torch.Generator().manual_seed(seed))
    shown = torch.Generator().manual_seed(seed)
    return DataLoader(dataset, batch_size, sampler=sampler, generator=shown)


@mistake("make_dataloader", rejected_by=KEPT, says="no generator, so it draws from the global")
def no_generator_to_keep(dataset, batch_size, seed):
    """The loader gets no generator, so the global random state decides the order, and not the
    seed.
    """
    return DataLoader(dataset, batch_size, shuffle=True)


@mistake("make_dataloader", rejected_by=KEPT, says="A seed is no generator")
def seed_to_keep(dataset, batch_size, seed):
    """The seed itself is handed over where a generator belongs."""
    return DataLoader(dataset, batch_size, shuffle=True, generator=seed)


@mistake("make_dataloader", rejected_by=KEPT, says="seeds the global generator and returns it")
def global_generator(dataset, batch_size, seed):
    """`torch.manual_seed` returns the global generator, which everybody draws from."""
    return DataLoader(dataset, batch_size, shuffle=True, generator=torch.manual_seed(seed))


@rewrite(global_generator)
def global_generator_by_its_name(dataset, batch_size, seed):
    """The generator of everybody is taken by its name, and seeded."""
    rng = torch.default_generator
    rng.manual_seed(seed)
    loader = DataLoader(
        dataset, batch_size, sampler=RandomSampler(dataset, generator=rng), generator=rng
    )
    return loader


SHARED = torch.Generator()


@mistake("make_dataloader", rejected_by=REPEATED, says="Both loaders draw from one generator")
def one_generator_for_all(dataset, batch_size, seed):
    """All loaders share one generator, which each new one seeds and each moves on."""
    return DataLoader(dataset, batch_size, shuffle=True, generator=SHARED.manual_seed(seed))


@mistake("make_dataloader", rejected_by=GLOBAL, says="seeds it for everybody")
def seeded_twice(dataset, batch_size, seed):
    """The global random state is seeded as well, for everybody."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    return DataLoader(dataset, batch_size, shuffle=True, generator=generator)


@mistake("make_dataloader", rejected_by=READ, says="not a list of its rows")
def read_beforehand(dataset, batch_size, seed):
    """All rows are read into a list once, so that their flips are frozen."""
    rows = [dataset[index] for index in range(len(dataset))]
    generator = torch.Generator().manual_seed(seed)
    return DataLoader(rows, batch_size, shuffle=True, generator=generator)


@rewrite(read_beforehand)
def read_beforehand_as_columns(dataset, batch_size, seed):
    """The pictures of all rows are read into a list, and dicts are made of them anew."""
    pictures = []
    for i in range(len(dataset)):
        pictures.append(dataset[i]["images"])
    rng = torch.Generator()
    rng.manual_seed(seed)
    rows = [{"images": picture} for picture in pictures]
    return DataLoader(dataset=rows, shuffle=True, batch_size=batch_size, generator=rng)


class Remembering:
    def __init__(self, dataset):
        self.dataset, self.rows = dataset, {}

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, index):
        if index not in self.rows:
            self.rows[index] = self.dataset[index]
        return self.rows[index]


@mistake("make_dataloader", rejected_by=READ, says="What was read once was kept")
def kept_in_memory(dataset, batch_size, seed):
    """Rows are kept once they were read, so that their flips are frozen after the first epoch."""
    generator = torch.Generator().manual_seed(seed)
    return DataLoader(Remembering(dataset), batch_size, shuffle=True, generator=generator)


class Windows(Sampler):
    """Rows are shuffled within neighbouring windows."""

    def __init__(self, count, length, generator):
        self.count, self.length, self.generator = count, length, generator

    def __len__(self):
        return self.count

    def __iter__(self):
        for window in torch.arange(self.count).split(self.length):
            yield from window[torch.randperm(len(window), generator=self.generator)].tolist()


@mistake("make_dataloader", rejected_by=SHUFFLED, says="within a part of the data set")
def shuffled_in_windows(dataset, batch_size, seed):
    """Rows are shuffled within neighbouring windows only, so that each epoch goes through the
    data from start to end.
    """
    generator = torch.Generator().manual_seed(seed)
    windows = Windows(len(dataset), 2 * batch_size, generator)
    return DataLoader(dataset, batch_size, sampler=windows, generator=generator)


@mistake("make_dataloader", rejected_by=SHUFFLED, says="Even their order is the same")
def one_order_for_all(dataset, batch_size, seed):
    """The order is fixed once, by the seed: every epoch has the same one."""
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randperm(len(dataset), generator=generator).tolist()
    return DataLoader(Subset(dataset, rows), batch_size, generator=generator)


@mistake("make_dataloader", rejected_by="test_the_data_set_stays_as_it_was", says="was changed")
def data_set_shuffled_in_place(dataset, batch_size, seed):
    """The caller's own data set is shuffled in place."""
    random.Random(seed).shuffle(dataset)
    generator = torch.Generator().manual_seed(seed)
    return DataLoader(dataset, batch_size, shuffle=True, generator=generator)


@mistake("make_dataloader", rejected_by=ONCE, says="a dict with the key 'images'")
def tensors_without_a_key(dataset, batch_size, seed):
    """The batches are bare tensors; the training reads `batch["images"]`."""
    return DataLoader(
        dataset,
        batch_size,
        shuffle=True,
        generator=torch.Generator().manual_seed(seed),
        collate_fn=lambda rows: torch.stack([row["images"] for row in rows]),
    )


@mistake("make_dataloader", rejected_by=ONCE, says='`batch["images"]` is list')
def not_stacked(dataset, batch_size, seed):
    """The pictures of a batch stay a list, and are not stacked."""
    return DataLoader(
        dataset,
        batch_size,
        shuffle=True,
        generator=torch.Generator().manual_seed(seed),
        collate_fn=lambda rows: {"images": [row["images"] for row in rows]},
    )


@mistake("make_dataloader", rejected_by=ONCE, says="a `DataLoader`")
def one_epoch_only(dataset, batch_size, seed):
    """A generator expression is returned, which is used up after one epoch, and no DataLoader."""
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randperm(len(dataset), generator=generator)
    return (
        {"images": torch.stack([dataset[i]["images"] for i in part])}
        for part in rows.split(batch_size)
    )


@mistake("make_dataloader", rejected_by=ONCE, says="batches of [1, 1,")
def batch_size_forgotten(dataset, batch_size, seed):
    """`batch_size` is not handed on, so there is one picture a batch."""
    generator = torch.Generator().manual_seed(seed)
    return DataLoader(dataset, shuffle=True, generator=generator)


@mistake("make_dataloader", rejected_by=ONCE, says="cost more than they save")
def read_by_other_processes(dataset, batch_size, seed):
    """Two processes read the rows: they cost more time than they save, where pictures are few and
    small.
    """
    generator = torch.Generator().manual_seed(seed)
    return DataLoader(dataset, batch_size, shuffle=True, generator=generator, num_workers=2)


@rewrite(read_by_other_processes)
def read_by_other_processes_for_a_sampler(dataset, batch_size, seed):
    """The processes are kept from one epoch to the next, and the shuffling is a sampler's."""
    rng = torch.Generator()
    rng.manual_seed(seed)
    return DataLoader(
        dataset,
        batch_size=batch_size,
        sampler=RandomSampler(dataset, generator=rng),
        generator=rng,
        num_workers=2,
        persistent_workers=True,
    )


@mistake("make_dataloader", rejected_by=OTHER, says="loaders of the same seed gave different")
def seed_ignored(dataset, batch_size, seed):
    """The loader gets no generator, so the global random state decides the order, and not the
    seed.
    """
    return DataLoader(dataset, batch_size, shuffle=True)


@mistake("make_dataloader", rejected_by=REPEATED, says="in the same order")
def never_shuffled(dataset, batch_size, seed):
    """Nothing shuffles: every epoch has the order of the data set."""
    return DataLoader(dataset, batch_size)


@mistake("make_dataloader", rejected_by=KEPT, says="in the same order")
def generator_without_shuffling(dataset, batch_size, seed):
    """The loader has a generator, but without `shuffle=True` or a sampler nothing is shuffled."""
    return DataLoader(dataset, batch_size, generator=torch.Generator().manual_seed(seed))


@mistake("make_dataloader", rejected_by=ONCE, says="raised")
def seed_for_a_generator(dataset, batch_size, seed):
    """The seed itself is handed over where a generator belongs."""
    return DataLoader(dataset, batch_size=batch_size, shuffle=True, generator=seed)


@variant("make_dataloader")
def a_sampler_and_its_generator(dataset, batch_size, seed):
    """`shuffle=True` written out."""
    generator = torch.Generator("cpu")
    generator.manual_seed(seed)
    sampler = RandomSampler(dataset, generator=generator)
    return DataLoader(dataset, batch_size, sampler=sampler, generator=generator)


@variant("make_dataloader")
def batches_from_a_sampler(dataset, batch_size, seed):
    """Lists of row numbers decide what is in a batch."""
    generator = torch.Generator().manual_seed(seed)
    batches = BatchSampler(RandomSampler(dataset, generator=generator), batch_size, False)
    return DataLoader(dataset, batch_sampler=batches, generator=generator)


class Shuffle(Sampler):
    def __init__(self, count, generator):
        self.count, self.generator = count, generator

    def __len__(self):
        return self.count

    def __iter__(self):
        yield from torch.rand(self.count, generator=self.generator).argsort().tolist()


@variant("make_dataloader")
def own_sampler_own_collate(dataset, batch_size, seed):
    """A shuffle and a stacking of the learner's own."""
    generator = torch.Generator().manual_seed(2 * seed + 1)
    return DataLoader(
        dataset,
        batch_size,
        sampler=Shuffle(len(dataset), generator),
        generator=generator,
        collate_fn=lambda rows: {"images": torch.stack([row["images"] for row in rows])},
    )
