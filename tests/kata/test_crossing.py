"""Values cross as bytes and come out as they went in; everything else is refused in clear words."""

import collections
import enum
import io
import json
import math
import pickle
import struct

import diffusers
import numpy as np
import pytest
import torch
from datasets import Dataset
from datasets import Image as ImageFeature
from diffusers import (
    DDIMScheduler,
    DDPMPipeline,
    DDPMScheduler,
    StableDiffusionPipeline,
    UNet2DModel,
)
from PIL import Image
from torch.utils.data import DataLoader, SequentialSampler

from kata.crossing import CrossingError, Foreign, Reference, _Unpacker, pack, unpack, update
from kata.crossing.pipelines import unpack_tokenizer
from kata.manifest import ROOT
from kata.probes import CallLog, DrawnRows, RecordingUNet, tiny_unet

DTYPES = [
    torch.bool,
    torch.uint8,
    torch.int8,
    torch.int64,
    torch.uint16,
    torch.float8_e4m3fn,
    torch.float16,
    torch.bfloat16,
    torch.float32,
    torch.float64,
    torch.complex64,
]
MODES = ["1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "HSV", "I", "F", "I;16"]
SCHEDULERS = [
    "DDPMScheduler",
    "DDIMScheduler",
    "PNDMScheduler",
    "DPMSolverMultistepScheduler",
    "EulerDiscreteScheduler",
    "UniPCMultistepScheduler",
    "FlowMatchEulerDiscreteScheduler",
]


def across(value, strict=True):
    return unpack(pack(value, strict=strict))


def noise(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def settings(thing):
    return {key: value for key, value in thing.config.items() if not key.startswith("_")}


def bits(tensor):
    return tensor.contiguous().reshape(-1).view(torch.uint8).tolist()


def trained(unet, optimizer=None):
    """The model after a backward pass, and a step of the optimizer."""
    unet(noise(2, 3, 8, 8), torch.tensor([3, 7])).sample.square().mean().backward()
    if optimizer is not None:
        optimizer.step()
    return unet


# Plain values and containers


@pytest.mark.parametrize(
    "value",
    [None, True, False, 0, -1, 2**200, 1.5, math.inf, -math.inf, "", "é\n\0", "\ud800"],
    ids=repr,
)
def test_a_plain_value_keeps_its_value_and_type(value):
    result = across(value)
    assert result == value
    assert type(result) is type(value)


def test_nan_stays_nan():
    assert math.isnan(across(math.nan))


def test_minus_zero_keeps_its_sign():
    assert math.copysign(1, across(-0.0)) == -1


@pytest.mark.parametrize(
    "value",
    [
        [],
        (),
        {},
        [1, (2.0, [True, None]), {"a": {"b": ()}}],
        {1: "one", 2.5: "two", None: "none", (1, 2): "pair"},
        {"kind": "tensor", "blob": 0},
        slice(None),
        slice(-3, None, -1),
        (slice(0, 4), 2),
    ],
    ids=repr,
)
def test_a_container_keeps_its_items_types_and_nesting(value):
    assert repr(across(value)) == repr(value)


def test_a_dict_keeps_the_order_of_its_keys():
    assert list(across({"b": 1, "a": 2, 3: 3})) == ["b", "a", 3]


# Tensors and arrays


@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3)], ids=str)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_a_tensor_keeps_dtype_shape_and_every_bit(dtype, shape):
    tensor = (noise(*shape) * 9).to(dtype)
    result = across(tensor)
    assert type(result) is torch.Tensor
    assert (result.dtype, result.shape) == (dtype, tensor.shape)
    assert bits(result) == bits(tensor)


def test_a_tensor_with_nan_and_infinity_keeps_them():
    tensor = torch.tensor([math.nan, math.inf, -math.inf, -0.0])
    assert bits(across(tensor)) == bits(tensor)


@pytest.mark.parametrize(
    "view",
    [
        noise(2, 3).T,
        noise(1).expand(4),
        noise(8)[1::2],
        noise(2)[::2],
        torch.tensor([1 + 2j]).conj(),
        torch.tensor([1 + 2j]).conj().imag,
    ],
    ids=["transposed", "expanded", "strided", "one number", "conjugate", "negative"],
)
def test_a_view_crosses_as_the_numbers_that_it_shows(view):
    assert torch.equal(across(view), view)


@pytest.mark.parametrize(
    "tensor", [noise(2).requires_grad_(), torch.nn.Parameter(noise(2))], ids=["leaf", "parameter"]
)
def test_a_tensor_on_the_graph_crosses_without_it(tensor):
    result = across(tensor)
    assert type(result) is torch.Tensor
    assert not result.requires_grad
    assert torch.equal(result, tensor)


@pytest.mark.parametrize("value", [noise(3), noise(3).numpy()], ids=["tensor", "array"])
def test_what_crossed_is_a_copy_to_write_on(value):
    result = across(value)
    result[0] = 100
    assert value[0] != 100


def test_a_tensor_that_is_not_its_numbers_is_refused():
    with pytest.raises(CrossingError, match="a `Tensor` cannot cross"):
        pack(torch.eye(3).to_sparse())


def test_a_tensor_without_memory_crosses_as_shape_and_dtype():
    result = across(torch.empty(2, 0, 3, dtype=torch.int64, device="meta"))
    assert (result.is_meta, result.shape, result.dtype) == (True, (2, 0, 3), torch.int64)


def test_a_model_on_the_device_meta_crosses_without_its_numbers():
    result = across(tiny_unet().to("meta", torch.float16))
    assert (result.device.type, result.dtype) == ("meta", torch.float16)


@pytest.mark.parametrize(
    ("scalar", "plain"),
    [
        (np.float32(1.5), 1.5),
        (np.float64(0.1), 0.1),
        (np.int64(-3), -3),
        (np.uint8(200), 200),
        (np.bool_(True), True),
        (np.str_("x"), "x"),
    ],
    ids=repr,
)
def test_a_numpy_scalar_becomes_a_plain_value(scalar, plain):
    result = across(scalar)
    assert result == plain
    assert type(result) is type(plain)


@pytest.mark.parametrize(
    "array",
    [
        np.array(3.0),
        np.zeros((0, 3), np.float16),
        np.arange(6, dtype=np.int32).reshape(2, 3),
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        np.arange(6)[::-1],
        np.arange(3, dtype=">i4"),
        np.array([True, False]),
        np.array([1 + 2j]),
        np.array(["a", "bcd"]),
        np.array([b"a", b"bcd"]),
        np.array(["2020-01-01"], dtype="datetime64[D]"),
    ],
    ids=lambda array: f"{array.dtype.str}{array.shape}",
)
def test_an_array_keeps_dtype_shape_and_values(array):
    result = across(array)
    assert type(result) is np.ndarray
    assert (result.dtype, result.shape) == (array.dtype, array.shape)
    assert np.array_equal(result, array)


@pytest.mark.parametrize(
    "array",
    [
        np.array([1, "x", None], dtype=object),
        np.zeros(2, dtype=[("name", "O")]),
        np.zeros(2, dtype=[("x", "f4")]),
    ],
    ids=["objects", "records of objects", "records"],
)
def test_an_array_of_objects_or_records_is_refused(array):
    with pytest.raises(CrossingError, match="a `ndarray` cannot cross"):
        pack(array)


# Pictures and generators


def picture(mode="RGB", size=(5, 3)):
    length = len(Image.new(mode, size).tobytes())
    return Image.frombytes(mode, size, bytes(i * 37 % 256 for i in range(length)))


@pytest.mark.parametrize("mode", MODES)
def test_a_picture_keeps_mode_size_and_pixels(mode):
    image = picture(mode)
    result = across(image)
    assert type(result) is Image.Image
    assert (result.mode, result.size) == (mode, image.size)
    assert result.tobytes() == image.tobytes()


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_picture_keeps_its_palette(mode):
    image = picture("P")
    image.putpalette(bytes(i % 251 for i in range(256 * len(mode))), mode)
    assert across(image).convert("RGBA").tobytes() == image.convert("RGBA").tobytes()


@pytest.mark.parametrize("transparency", [3, bytes([0, 128, 255])], ids=["colour", "opacities"])
def test_a_picture_keeps_its_transparent_colours(transparency):
    image = Image.frombytes("P", (4, 1), bytes([0, 1, 2, 3]))
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90, 15, 25, 35])
    image.info["transparency"] = transparency
    result = across(image)
    assert result.info["transparency"] == transparency
    assert result.convert("RGBA").tobytes() == image.convert("RGBA").tobytes()


@pytest.mark.parametrize("format", ["PNG", "GIF", "BMP"])
def test_a_picture_from_a_file_crosses_as_a_plain_one(format):
    file = io.BytesIO()
    picture("P").save(file, format)
    result = across(Image.open(file))
    assert type(result) is Image.Image
    assert result.convert("RGB").tobytes() == Image.open(file).convert("RGB").tobytes()


def test_an_empty_picture_keeps_its_size():
    assert across(Image.new("RGB", (0, 3))).size == (0, 3)


def test_a_picture_whose_file_was_closed_is_refused(tmp_path):
    picture().save(tmp_path / "closed.png")
    with Image.open(tmp_path / "closed.png") as image:
        pass
    with pytest.raises(CrossingError, match="this value cannot cross"):
        pack(image, strict=False)


def test_a_generator_goes_on_where_it_was():
    generator = torch.Generator().manual_seed(77)
    torch.randn(5, generator=generator)
    copy = across(generator)
    assert torch.equal(torch.randn(9, generator=copy), torch.randn(9, generator=generator))
    assert copy.initial_seed() == 77


# Models and schedulers


@pytest.fixture
def unet():
    return tiny_unet()


def test_a_model_keeps_its_class_configuration_and_weights(unet):
    model = UNet2DModel.from_config(unet.config)
    copy = across(model)
    assert type(copy) is UNet2DModel
    assert settings(copy) == settings(model)
    assert copy.state_dict().keys() == model.state_dict().keys()
    assert all(torch.equal(copy.state_dict()[k], v) for k, v in model.state_dict().items())


def test_a_model_keeps_its_gradients(unet):
    trained(unet).conv_in.weight.grad = None
    copy = across(unet)
    assert copy.conv_in.weight.grad is None
    assert torch.equal(copy.conv_out.weight.grad, unet.conv_out.weight.grad)


def test_a_gradient_in_another_order_of_memory_crosses(unet):
    unet.conv_in.weight.grad = noise(3, 3, 3, 8).permute(3, 2, 0, 1)
    assert torch.equal(across(unet).conv_in.weight.grad, unet.conv_in.weight.grad)


def test_a_model_keeps_which_parameters_are_frozen(unet):
    unet.requires_grad_(False).conv_out.requires_grad_(True)
    free = [name for name, p in across(unet).named_parameters() if p.requires_grad]
    assert free == ["conv_out.weight", "conv_out.bias"]


@pytest.mark.parametrize("training", [True, False])
def test_a_model_keeps_its_mode(unet, training):
    copy = across(unet.train(training))
    assert {module.training for module in copy.modules()} == {training}


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64], ids=str)
def test_a_model_keeps_its_dtype(unet, dtype):
    assert {p.dtype for p in across(unet.to(dtype)).parameters()} == {dtype}


def test_two_weights_of_a_model_that_share_memory_cross(unet):
    unet.conv_norm_out.weight = unet.conv_norm_out.bias
    copy = across(unet)
    assert torch.equal(copy.conv_norm_out.weight, unet.conv_norm_out.bias)


def test_a_recording_model_keeps_its_calls(unet):
    trained(unet)
    copy = across(unet)
    assert type(copy) is RecordingUNet
    assert torch.equal(copy.calls[0]["sample"], noise(2, 3, 8, 8))
    assert copy.calls[0]["timestep"].tolist() == [3, 7]


def test_building_a_model_leaves_the_global_random_state_as_it_was(unet):
    data, before = pack(unet), torch.get_rng_state()
    unpack(data)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", SCHEDULERS)
def test_a_scheduler_goes_on_in_the_middle_of_its_steps(name):
    scheduler = getattr(diffusers, name)()
    scheduler.set_timesteps(4)
    sample = noise(1, 3, 4, 4)
    for timestep in scheduler.timesteps[:2]:
        sample = scheduler.step(sample, timestep, sample).prev_sample
    copy, timestep = across(scheduler), scheduler.timesteps[2]
    steps = [
        each.step(sample, timestep, sample, generator=torch.Generator().manual_seed(0))
        if name == "DDPMScheduler"
        else each.step(sample, timestep, sample)
        for each in (copy, scheduler)
    ]
    assert type(copy) is type(scheduler)
    assert settings(copy) == settings(scheduler)
    assert torch.equal(steps[0].prev_sample, steps[1].prev_sample)


def test_a_scheduler_keeps_its_configuration():
    scheduler = DDIMScheduler(num_train_timesteps=50, beta_schedule="squaredcos_cap_v2")
    copy = across(scheduler)
    assert copy.config.num_train_timesteps == 50
    assert torch.equal(copy.alphas_cumprod, scheduler.alphas_cumprod)


def test_a_scheduler_keeps_settings_of_other_classes():
    scheduler = DDPMScheduler()
    scheduler.register_to_config(skip_prk_steps=True)
    assert settings(across(scheduler)) == settings(scheduler)


def test_what_a_scheduler_left_to_its_class_is_left_to_the_class_that_takes_its_place():
    scheduler = DDPMScheduler(num_train_timesteps=50)
    swapped = [
        diffusers.EulerDiscreteScheduler.from_config(s.config)
        for s in (scheduler, across(scheduler))
    ]
    assert settings(swapped[0]) == settings(swapped[1])


# Optimizers


def adamw(parameters):
    return torch.optim.AdamW(parameters, lr=1e-2, betas=(0.8, 0.9))


def sgd(parameters):
    return torch.optim.SGD(parameters, lr=0.1, momentum=0.9)


@pytest.mark.parametrize("make", [adamw, sgd])
def test_an_optimizer_goes_on_with_its_state_and_options(unet, make):
    optimizer = make(unet.parameters())
    trained(unet, optimizer)
    copy, copy_of_optimizer = across((unet, optimizer))
    for each in (optimizer, copy_of_optimizer):
        each.step()
    assert type(copy_of_optimizer) is type(optimizer)
    assert copy_of_optimizer.defaults == optimizer.defaults
    assert torch.equal(copy.conv_out.weight, unet.conv_out.weight)


def test_an_optimizer_holds_the_parameters_of_the_model_that_crossed_with_it(unet):
    model, optimizer = across((unet, adamw(unet.parameters())))
    (group,) = optimizer.param_groups
    assert [id(p) for p in group["params"]] == [id(p) for p in model.parameters()]


def test_an_optimizer_keeps_its_groups(unet):
    groups = [{"params": [unet.conv_in.weight], "lr": 0.5}, {"params": [unet.conv_out.bias]}]
    model, optimizer = across((unet, adamw(groups)))
    first, second = optimizer.param_groups
    assert (first["lr"], second["lr"]) == (0.5, 1e-2)
    assert first["params"][0] is model.conv_in.weight
    assert second["params"][0] is model.conv_out.bias


@pytest.mark.parametrize("strict", [True, False])
def test_an_optimizer_of_parameters_that_do_not_cross_is_refused(unet, strict):
    with pytest.raises(CrossingError, match="behind the models whose parameters it holds"):
        pack(adamw(unet.parameters()), strict=strict)


# Data sets, loaders, logs


@pytest.fixture
def dataset():
    pictures = [Image.new("RGB", (4, 4), colour) for colour in ("red", "lime", "blue")]
    table = {"image": pictures, "text": ["red", "lime", "blue"]}
    return Dataset.from_dict(table).cast_column("image", ImageFeature())


def test_a_data_set_keeps_its_columns_and_pictures(dataset):
    copy = across(dataset)
    assert copy.features == dataset.features
    assert copy["text"][:] == ["red", "lime", "blue"]
    assert copy[2]["image"].getpixel((0, 0)) == (0, 0, 255)


def test_a_part_of_a_data_set_crosses_as_that_part(dataset):
    assert across(dataset.select([2, 0]))["text"][:] == ["blue", "red"]


def test_an_empty_data_set_keeps_its_columns(dataset):
    copy = across(dataset.select([]))
    assert len(copy) == 0
    assert copy.features == dataset.features


def test_a_data_set_with_a_transform_of_its_own_is_refused(dataset):
    with pytest.raises(CrossingError, match="without a format or a transform"):
        pack(dataset.with_transform(lambda examples: examples))


def loader(**options):
    examples = [{"images": torch.full((2,), float(i)), "name": str(i)} for i in range(7)]
    return DataLoader(examples, **options)


def names(batches):
    return [batch["name"] for batch in batches]


def test_a_loader_shuffles_in_the_same_order_on_the_other_side():
    here = loader(batch_size=2, shuffle=True, generator=torch.Generator().manual_seed(3))
    there = across(here)
    assert [names(there), names(there)] == [names(here), names(here)]


@pytest.mark.parametrize("drop_last", [True, False])
def test_a_loader_keeps_its_batches(drop_last):
    here = loader(batch_size=3, drop_last=drop_last)
    batches = list(across(here))
    assert names(batches) == names(here)
    assert torch.equal(batches[0]["images"], torch.tensor([[0.0, 0], [1, 1], [2, 2]]))


@pytest.mark.parametrize(
    "options",
    [
        {"collate_fn": list},
        {"batch_sampler": [[0, 1], [2]]},
        {"sampler": [3, 1]},
        {"batch_size": None},
    ],
    ids=str,
)
def test_a_loader_with_more_of_its_own_is_refused(options):
    with pytest.raises(CrossingError, match="without a sampler or a `collate_fn`"):
        pack(loader(**options))


def test_a_sampler_that_only_counts_is_no_hindrance():
    assert names(across(loader(sampler=SequentialSampler(range(7)))))[0] == ["0"]


def test_a_log_keeps_its_calls_and_its_limit():
    log = across(CallLog([[1, 0.5]], limit=3))
    assert (log.calls, log.limit, log.watched) == ([[1, 0.5]], 3, None)


def test_a_log_watches_the_model_that_crossed_with_it(unet):
    model, log = across((unet, CallLog(watched=unet)))
    assert log.watched is model


def test_a_log_whose_model_does_not_cross_is_refused(unet):
    with pytest.raises(CrossingError):
        pack(CallLog(watched=unet))


def test_drawn_rows_keep_their_number_and_are_drawn_anew():
    rows = across(DrawnRows(3, reads=2))
    first, second = (rows[1]["images"] for _ in range(2))
    assert (len(rows), rows.reads) == (3, 4)
    assert first[0].eq(1).all()
    assert not torch.equal(first, second)
    assert len(list(rows)) == 3


# What does not cross


class MyFloat(float):
    pass


class MyInt(int):
    pass


class MyText(str):
    pass


class MyList(list):
    pass


class MyDict(dict):
    pass


class Answer(enum.IntEnum):
    RIGHT = 1


Pair = collections.namedtuple("Pair", "one two")


class Trap:
    """Whoever looks at it closely, copies it or pickles it springs it."""

    def spring(self, *_):
        raise AssertionError("code of the learner's was run")

    __reduce__ = __reduce_ex__ = __getstate__ = __deepcopy__ = spring
    __str__ = __repr__ = __len__ = __iter__ = __eq__ = __bool__ = __float__ = __array__ = spring
    __hash__ = object.__hash__


STRANGERS = [
    MyFloat(1),
    MyInt(1),
    MyText("x"),
    MyList([1]),
    MyDict(a=1),
    Answer.RIGHT,
    Pair(1, 2),
    collections.OrderedDict(a=1),
    1j,
    b"x",
    {1},
    range(3),
    torch.float32,
    torch.Size([1, 2]),
    Trap(),
    object(),
]


@pytest.mark.parametrize("value", STRANGERS, ids=lambda value: type(value).__name__)
def test_a_stranger_is_refused_by_name(value):
    with pytest.raises(CrossingError, match=f"a `{type(value).__name__}` cannot cross"):
        pack([value])


@pytest.mark.parametrize("value", STRANGERS, ids=lambda value: type(value).__name__)
def test_a_stranger_from_the_learner_crosses_as_the_name_of_its_type(value):
    assert across({"a": [value, 1]}, strict=False) == {"a": [Foreign(type(value).__name__), 1]}


class MyTensor(torch.Tensor):
    pass


def test_a_tensor_of_a_class_of_the_learners_becomes_a_plain_one():
    assert type(across(noise(2).as_subclass(MyTensor))) is torch.Tensor


def test_a_picture_of_a_class_of_the_learners_becomes_a_plain_one():
    class MyImage(Image.Image):
        pass

    image = picture()
    image.__class__ = MyImage
    assert type(across(image)) is Image.Image


@pytest.mark.parametrize("name", ["MyUNet", "UNet2DModel", "RecordingUNet"])
def test_a_model_of_a_class_of_the_learners_stays_foreign_whatever_its_name(unet, name):
    unet.__class__ = type(name, (RecordingUNet,), {})
    assert across(unet, strict=False) == Foreign(name)


def test_a_scheduler_of_a_class_of_the_learners_stays_foreign():
    learners = type("DDPMScheduler", (DDPMScheduler,), {})
    assert across(learners(), strict=False) == Foreign("DDPMScheduler")


def test_an_optimizer_of_a_class_of_the_learners_stays_foreign(unet):
    learners = type("AdamW", (torch.optim.AdamW,), {})
    result = across((unet, learners(unet.parameters())), strict=False)
    assert result[1] == Foreign("AdamW")


def holding_itself():
    value = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    "value",
    [holding_itself(), 10**5000],
    ids=["a list in itself", "endless digits"],
)
@pytest.mark.parametrize("strict", [True, False])
def test_a_value_of_which_no_bytes_can_be_made_is_refused(value, strict):
    with pytest.raises(CrossingError, match="this value cannot cross"):
        pack(value, strict=strict)


def everything(unet, dataset):
    optimizer = adamw(unet.parameters())
    trained(unet, optimizer)
    scheduler = DDPMScheduler()
    scheduler.set_timesteps(5)
    generator = torch.Generator()
    values = [noise(2), noise(2).numpy(), picture("P"), generator, unet, scheduler, optimizer]
    return [*values, dataset, loader(shuffle=True, generator=generator), CallLog(watched=unet)]


def test_nothing_is_pickled_on_the_way(monkeypatch, unet, dataset):
    values = everything(unet, dataset)

    def refuse(*_, **__):
        raise AssertionError("pickle was used")

    for name in ("dump", "dumps", "load", "loads", "Pickler", "Unpickler"):
        monkeypatch.setattr(pickle, name, refuse)
    assert list(map(type, across(values))) == list(map(type, values))


# References


def test_a_reference_crosses_as_itself():
    assert across([Reference(3, "function")]) == [Reference(3, "function")]


def test_a_reference_finds_what_was_kept():
    assert unpack(pack({"target": Reference(1, "str")}), ["a", "b"].__getitem__) == {"target": "b"}


def test_a_reference_to_nothing_is_refused():
    with pytest.raises(CrossingError, match="IndexError"):
        unpack(pack(Reference(7, "function")), [].__getitem__)


# Bytes that nobody packed


def message(tree, *blobs):
    header = json.dumps(tree).encode()
    parts = [b"KATA", struct.pack("<QQ", len(header), len(blobs)), header]
    return b"".join(parts + [struct.pack("<Q", len(blob)) + blob for blob in blobs])


def test_a_message_made_by_hand_is_read_like_any_other():
    tree = {"kind": "tensor", "dtype": "uint8", "shape": [3], "device": "cpu", "blob": 0}
    assert unpack(message(tree, b"abc")).tolist() == [97, 98, 99]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"KATA",
        b"KATA" + b"\xff" * 16,
        b"KATA" + struct.pack("<QQ", 4, 2**60) + b"null",
        b"KATA" + struct.pack("<QQ", 4, 0) + b"{{{{",
        b"KATA" + struct.pack("<QQ", 100_000, 0) + b"[" * 100_000,
        pickle.dumps({"result": 1}),
        b"\x89PNG\r\n\x1a\n",
    ],
    ids=["none", "start", "endless header", "endless blobs", "no JSON", "deep", "pickle", "PNG"],
)
def test_foreign_bytes_are_a_clear_error(data):
    with pytest.raises(CrossingError, match="these bytes"):
        unpack(data)


def test_a_message_that_was_cut_off_is_a_clear_error():
    data = pack({"a": [noise(2), picture(), 1.5]})
    for length in range(len(data)):
        with pytest.raises(CrossingError):
            unpack(data[:length])


def test_a_message_that_goes_on_is_a_clear_error():
    with pytest.raises(CrossingError, match="go on behind their end"):
        unpack(pack(1) + b"\0")


def test_a_message_with_a_byte_changed_is_a_value_or_a_clear_error():
    data = pack({"a": [noise(2), picture("P"), np.arange(3), torch.Generator(), 1.5]})
    header = data.index(b"}]]}") + 4
    read = 0
    for place in range(header):
        try:
            unpack(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
            read += 1
        except CrossingError:
            pass
    assert 0 < read < header


HOSTILE_TREES = {
    "an unknown kind": {"kind": "pickle", "blob": 0},
    "no kind": {"blob": 0},
    "a missing field": {"kind": "tensor", "dtype": "uint8"},
    "a field too many": {"kind": "foreign", "type_name": "x", "code": "1"},
    "a blob that is not there": {"kind": "dataset", "blob": 9},
    "a data set that is none": {"kind": "dataset", "blob": 0},
    "a dtype that is a function": {
        "kind": "tensor",
        "dtype": "load",
        "shape": [1],
        "device": "cpu",
        "blob": 0,
    },
    "a device that is none": {
        "kind": "tensor",
        "dtype": "uint8",
        "shape": [8],
        "device": "moon",
        "blob": 0,
    },
    "an array of objects": {"kind": "array", "dtype": "|O", "shape": [1], "blob": 0},
    "a picture of another size": {
        "kind": "image",
        "mode": "RGB",
        "size": [9, 9],
        "blob": 0,
        "palette": None,
        "transparency": None,
    },
    "a key that has no hash": {"kind": "dict", "items": [[{"kind": "list", "items": []}, 1]]},
    "a model that is a pipeline": {
        "kind": "model",
        "name": "DDPMPipeline",
        "config": {"kind": "dict", "items": []},
        "weights": 0,
        "gradients": 0,
        "flags": {"kind": "dict", "items": []},
    },
    "a scheduler that is a module": {
        "kind": "scheduler",
        "name": "utils",
        "config": {"kind": "dict", "items": []},
        "state": {"kind": "dict", "items": []},
    },
    "an optimizer that is a module": {
        "kind": "optimizer",
        "name": "lr_scheduler",
        "groups": [],
        "defaults": {"kind": "dict", "items": []},
        "state": {"kind": "dict", "items": []},
    },
    "an optimizer without a model": {
        "kind": "optimizer",
        "name": "SGD",
        "groups": [[[0, "weight"]]],
        "defaults": {"kind": "dict", "items": []},
        "state": {"kind": "dict", "items": []},
    },
}


@pytest.mark.parametrize("tree", HOSTILE_TREES.values(), ids=HOSTILE_TREES)
def test_a_hostile_message_is_a_clear_error(tree):
    with pytest.raises(CrossingError):
        unpack(message(tree, b"12345678"))


def test_weights_that_do_not_fit_their_configuration_are_a_clear_error(unet):
    unet.conv_out = torch.nn.Conv2d(8, 5, 1)
    with pytest.raises(CrossingError, match="conv_out"):
        across(unet)


# What a function may change comes back


def test_a_model_takes_over_weights_gradients_and_mode(unet):
    changed = trained(across(unet)).eval()
    changed.conv_out.requires_grad_(False).weight.data.fill_(7)
    parameter = unet.conv_out.weight
    update(unet, changed)
    assert unet.conv_out.weight is parameter
    assert not parameter.requires_grad
    assert torch.equal(parameter, changed.conv_out.weight)
    assert torch.equal(unet.conv_in.weight.grad, changed.conv_in.weight.grad)
    assert len(unet.calls) == 1
    assert not unet.training


def test_a_model_takes_over_the_dtype(unet):
    update(unet, trained(across(unet)).half())
    assert unet.conv_in.weight.dtype == unet.conv_in.weight.grad.dtype == torch.float16


def test_an_optimizer_takes_over_the_state_and_keeps_its_parameters(unet):
    optimizer = adamw(unet.parameters())
    model, changed = across((unet, optimizer))
    trained(model, changed)
    update(optimizer, changed)
    state = optimizer.state[unet.conv_out.weight]
    assert torch.equal(state["exp_avg"], changed.state[model.conv_out.weight]["exp_avg"])


def test_a_scheduler_takes_over_its_timesteps():
    scheduler = DDPMScheduler()
    changed = across(scheduler)
    changed.set_timesteps(5)
    update(scheduler, changed)
    assert scheduler.timesteps.tolist() == [800, 600, 400, 200, 0]


def moved_on(generator):
    copy = across(generator)
    torch.randn(5, generator=copy)
    return copy


@pytest.mark.parametrize(
    ("put", "take"),
    [
        (lambda generator: generator, lambda value: value),
        (lambda generator: [1, generator], lambda value: value[1]),
        (lambda generator: {"g": (generator,)}, lambda value: value["g"][0]),
        (lambda generator: loader(shuffle=True, generator=generator), lambda v: v.generator),
    ],
    ids=["alone", "in a list", "in a dict", "of a loader"],
)
def test_a_generator_moves_on_wherever_it_is(put, take):
    generator = torch.Generator()
    changed = moved_on(generator)
    original = put(generator)
    update(original, put(changed))
    assert take(original) is generator
    assert torch.equal(generator.get_state(), changed.get_state())


def test_drawn_rows_take_over_their_reads():
    rows = DrawnRows(3)
    update(rows, DrawnRows(3, reads=2))
    assert rows.reads == 2


def test_a_log_takes_over_its_calls():
    log = CallLog()
    update(log, CallLog([[1]]))
    assert log.calls == [[1]]


@pytest.mark.parametrize(
    ("original", "changed"),
    [
        (torch.zeros(2), torch.ones(2)),
        ([torch.zeros(2)], [torch.ones(2), 1]),
        ({"a": 1}, {"a": 2, "b": 3}),
        (torch.Generator(), Foreign("Generator")),
        (loader(), Reference(0, "DataLoader")),
    ],
    ids=["a tensor", "a list", "a dict", "a stranger", "a reference"],
)
def test_everything_else_is_left_as_it_is(original, changed):
    before = pack(original)
    update(original, changed)
    assert pack(original) == before


def test_a_state_that_does_not_fit_is_a_clear_error(unet):
    changed = tiny_unet(block_out_channels=(4, 8))
    with pytest.raises(CrossingError, match="RecordingUNet came back in a state that does not fit"):
        update(unet, changed)


# Pipelines and their parts


@pytest.fixture(scope="module")
def text_to_image():
    pipeline = StableDiffusionPipeline.from_pretrained(
        ROOT / "data" / "models" / "butterflies-text-to-image"
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def painted(pipeline, **keywords):
    generator = torch.Generator().manual_seed(0)
    options = {"num_inference_steps": 2, "generator": generator, "output_type": "np", **keywords}
    return pipeline(**options).images


def small_pipeline():
    pipeline = DDPMPipeline(tiny_unet(), DDPMScheduler(50))
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def test_an_unconditional_pipeline_paints_the_same_on_the_other_side():
    pipeline = small_pipeline()
    assert (painted(across(pipeline)) == painted(pipeline)).all()


def test_a_text_to_image_pipeline_paints_the_same_on_the_other_side(text_to_image):
    prompt = "a red butterfly"
    copy = across(text_to_image)
    assert type(copy) is StableDiffusionPipeline
    assert (painted(copy, prompt=prompt) == painted(text_to_image, prompt=prompt)).all()


@pytest.mark.parametrize("name", ["tokenizer", "text_encoder", "vae", "unet", "scheduler"])
def test_each_part_of_a_pipeline_crosses_alone(text_to_image, name):
    part = getattr(text_to_image, name)
    assert type(across(part)) is type(part)


def test_a_tokenizer_reads_the_same_tokens(text_to_image):
    prompts = ["a red butterfly on a pale ground", "", "zeppelin"]
    tokenizer = text_to_image.tokenizer
    assert across(tokenizer)(prompts).input_ids == tokenizer(prompts).input_ids


def test_a_pipeline_takes_the_state_and_the_new_parts_of_its_copy():
    pipeline = small_pipeline()
    copy = across(pipeline)
    painted(copy)
    copy.scheduler = DDIMScheduler.from_config(copy.scheduler.config)
    update(pipeline, copy)
    assert len(pipeline.unet.calls) == 2
    assert type(pipeline.scheduler) is DDIMScheduler
    assert pipeline.config["scheduler"] == ("diffusers", "DDIMScheduler")


def test_a_scheduler_keeps_its_tables_and_its_configuration():
    """A suite reckons with its own, and judges by them what came back."""
    scheduler = DDPMScheduler(50)
    tables, copy = scheduler.alphas_cumprod.clone(), across(scheduler)
    copy.alphas_cumprod.fill_(1.0)
    copy.register_to_config(num_train_timesteps=1)
    update(scheduler, copy)
    assert torch.equal(scheduler.alphas_cumprod, tables)
    assert scheduler.config.num_train_timesteps == 50


def test_a_pipeline_takes_a_scheduler_of_another_configuration():
    pipeline = small_pipeline()
    copy = across(pipeline)
    copy.scheduler = DDPMScheduler(50, beta_schedule="squaredcos_cap_v2")
    update(pipeline, copy)
    assert pipeline.scheduler.config.beta_schedule == "squaredcos_cap_v2"
    assert torch.equal(pipeline.scheduler.betas, copy.scheduler.betas)


def test_settings_and_the_progress_bar_cross_with_a_pipeline(text_to_image):
    copy = across(text_to_image)
    assert copy.config.requires_safety_checker is False
    assert copy._progress_bar_config == {"disable": True}


def test_a_scheduler_class_crosses_by_name():
    assert across(DDIMScheduler) is DDIMScheduler


@pytest.mark.parametrize("value", [int, torch.nn.Linear, DDPMPipeline], ids=repr)
def test_no_other_class_crosses(value):
    assert across(value, strict=False) == Foreign("type")


def test_a_tokenizer_brings_no_other_files():
    with pytest.raises(CrossingError, match="no files of these names"):
        unpack_tokenizer(_Unpacker([], None), {"kind": "dict", "items": [["../code.py", "text"]]})
