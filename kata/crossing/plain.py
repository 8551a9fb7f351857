"""Tensors, arrays, pictures, generators, slices: dtype, shape and bytes."""

import numpy as np
import torch
from PIL import Image

from kata.crossing.base import CrossingError

INTEGERS = {"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"}
FLOATS = {"float8_e4m3fn", "float8_e5m2", "float16", "bfloat16", "float32", "float64"}
DTYPES = INTEGERS | FLOATS | {"complex32", "complex64", "complex128"}


def copy(tensor: torch.Tensor) -> torch.Tensor:
    """The numbers one behind the other, in memory that no other tensor shares."""
    return tensor.detach().clone(memory_format=torch.contiguous_format)


def pack_tensor(packer, tensor: torch.Tensor) -> dict:
    plain = copy(tensor.cpu().resolve_conj().resolve_neg())
    return {
        "dtype": str(plain.dtype).removeprefix("torch."),
        "shape": list(plain.shape),
        "device": str(tensor.device),
        "blob": packer.blob(plain.reshape(-1).view(torch.uint8).numpy().tobytes()),
    }


def dtype_called(name: str) -> torch.dtype:
    """The dtype of this name. Raises CrossingError for one that is not among DTYPES."""
    if name not in DTYPES:
        raise CrossingError(f"`{name}` is no dtype that crosses")
    return getattr(torch, name)


def unpack_tensor(unpacker, dtype: str, shape: list, device: str, blob: int):
    data = bytearray(unpacker.blobs[blob])
    dtype = dtype_called(dtype)
    if dtype is torch.bool and not {0, 1}.issuperset(data):
        raise CrossingError("bytes that are neither true nor false")
    flat = torch.frombuffer(data, dtype=dtype) if data else torch.empty(0, dtype=dtype)
    return flat.reshape(shape).to(device)


def pack_meta(packer, tensor: torch.Tensor) -> dict:
    return {"dtype": str(tensor.dtype).removeprefix("torch."), "shape": list(tensor.shape)}


def unpack_meta(unpacker, dtype: str, shape: list) -> torch.Tensor:
    return torch.empty(shape, dtype=dtype_called(dtype), device="meta")


def pack_array(packer, array: np.ndarray) -> dict:
    return {
        "dtype": array.dtype.str,
        "shape": list(array.shape),
        "blob": packer.blob(array.tobytes()),
    }


def unpack_array(unpacker, dtype: str, shape: list, blob: int) -> np.ndarray:
    array = np.frombuffer(unpacker.blobs[blob], dtype).reshape(shape).copy()
    if not is_array(array):
        raise CrossingError(f"`{dtype}` is no dtype of numbers, texts or dates")
    return array


def pack_image(packer, image: Image.Image) -> dict:
    blob = packer.blob(image.tobytes())
    palette = image.palette and [image.getpalette(image.palette.mode), image.palette.mode]
    clear = image.info.get("transparency")  # a colour, or the opacity of each colour as bytes
    return {
        "mode": image.mode,
        "size": list(image.size),
        "blob": blob,
        "palette": palette,
        "transparency": packer.tree(list(clear) if isinstance(clear, bytes) else clear),
    }


def unpack_image(unpacker, mode: str, size: list, blob: int, palette, transparency):
    image = Image.frombytes(mode, tuple(size), unpacker.blobs[blob])
    if palette is not None:
        image.putpalette(*palette)
    if transparency is not None:
        clear = unpacker.value(transparency)
        image.info["transparency"] = bytes(clear) if type(clear) is list else clear
    return image


def pack_generator(packer, generator: torch.Generator) -> dict:
    """One that comes twice in a message is one object on the other side, too."""
    for number, known in enumerate(packer.generators):
        if known is generator:
            return {"again": number}
    packer.generators.append(generator)
    return {"device": str(generator.device), "state": packer.tree(generator.get_state())}


def unpack_generator(unpacker, device="cpu", state=None, again=None) -> torch.Generator:
    if again is None:
        generator = torch.Generator(device).set_state(unpacker.value(state))
        unpacker.generators.append(generator)
        return generator
    return unpacker.generators[again]


def pack_slice(packer, key: slice) -> dict:
    return {"parts": packer.tree([key.start, key.stop, key.step])}


def unpack_slice(unpacker, parts: dict) -> slice:
    return slice(*unpacker.value(parts))


def is_dense(value: object) -> bool:
    """A tensor whose numbers lie in memory one by one: not sparse, quantized, nested or on meta."""
    return (
        isinstance(value, torch.Tensor)
        and value.layout is torch.strided
        and not (value.is_quantized or value.is_nested or value.is_meta)
        and str(value.dtype).removeprefix("torch.") in DTYPES
    )


def is_meta(value: object) -> bool:
    """A tensor on the device without memory: shape and dtype, and no numbers."""
    return isinstance(value, torch.Tensor) and value.is_meta and value.layout is torch.strided


def is_array(value: object) -> bool:
    """An array of numbers, texts or dates: not of objects, which are addresses, nor of records."""
    return isinstance(value, np.ndarray) and value.dtype.kind in "biufcSUmM"
