"""What only a suite sends: data sets, loaders, callbacks."""

import pyarrow as pa
from datasets import Dataset
from torch.utils.data import DataLoader, RandomSampler, SequentialSampler, default_collate

from kata import probes
from kata.crossing.base import CrossingError


def pack_dataset(packer, dataset: Dataset) -> dict:
    if packer.strict and dataset.format["type"] is not None:
        raise CrossingError("a data set crosses without a format or a transform of its own")
    table = dataset.with_format("arrow")[:]
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return {"blob": packer.blob(sink.getvalue().to_pybytes())}


def unpack_dataset(unpacker, blob: int) -> Dataset:
    table = pa.ipc.open_stream(unpacker.blobs[blob]).read_all()
    table.validate(full=True)  # else offsets that point elsewhere would be followed
    return Dataset(table)


def pack_loader(packer, loader: DataLoader) -> dict:
    if packer.strict and not _is_plain(loader):
        raise CrossingError("a loader crosses without a sampler or a `collate_fn` of its own")
    return {
        "examples": packer.tree([loader.dataset[index] for index in range(len(loader.dataset))]),
        "batch_size": loader.batch_size,
        "shuffle": isinstance(loader.sampler, RandomSampler),
        "drop_last": loader.drop_last,
        "generator": packer.tree(loader.generator),
    }


def unpack_loader(unpacker, examples, batch_size, shuffle, drop_last, generator):
    return DataLoader(
        unpacker.value(examples),
        batch_size=batch_size,
        shuffle=shuffle,
        drop_last=drop_last,
        generator=unpacker.value(generator),
    )


def _is_plain(loader: DataLoader) -> bool:
    return (
        type(loader.sampler) in (RandomSampler, SequentialSampler)
        and loader.collate_fn is default_collate
        and loader.batch_size is not None
    )


def pack_log(packer, log: probes.CallLog) -> dict:
    watched = None if log.watched is None else packer.models.index(log.watched)
    return {"calls": packer.tree(log.calls), "limit": log.limit, "watched": watched}


def unpack_log(unpacker, calls: dict, limit, watched) -> probes.CallLog:
    model = None if watched is None else unpacker.models[watched]
    return probes.CallLog(unpacker.value(calls), limit, model)


def pack_rows(packer, rows: probes.DrawnRows) -> dict:
    return {"count": rows.count, "reads": rows.reads}


def unpack_rows(unpacker, count: int, reads: int) -> probes.DrawnRows:
    return probes.DrawnRows(count, reads)
