"""Arrays of NumPy, PyTorch and JAX as NumPy arrays of 16 or 32 bits, without a copy where that can be."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def scalars(array: Any) -> tuple[NDArray[Any], str]:
    """The array as a contiguous NumPy array, and the type of its scalars: float32, float16 or bfloat16. What has 16 bits
    comes as uint16 of the same bits. Contiguous arrays of these types are not copied; float64 is rounded to float32."""
    as_numpy, name = _borrow(array)
    if name == "float64":
        as_numpy, name = as_numpy.astype(np.float32), "float32"
    if name not in ("float32", "float16", "bfloat16"):
        raise TypeError(
            f"measuring scalars of type {name}: allowed are float32, float16, bfloat16 and float64; convert the array"
        )
    if name == "float16" and as_numpy.dtype != np.uint16:
        as_numpy = as_numpy.view(np.uint16)
    return np.ascontiguousarray(as_numpy), name


def _borrow(array: Any) -> tuple[NDArray[Any], str]:
    if isinstance(array, np.ndarray):
        return _of_numpy(array)
    if type(array).__module__.partition(".")[0] == "torch" or hasattr(array, "detach"):
        return _of_torch(array)
    if hasattr(array, "__dlpack__"):
        # NumPy's DLPack knows no bfloat16; JAX gives its own array as one of ml_dtypes, without a copy on the CPU
        if getattr(getattr(array, "dtype", None), "name", "") == "bfloat16":
            return _of_numpy(np.asarray(array))
        return _of_numpy(np.from_dlpack(array))
    return _of_numpy(np.asarray(array))


def _of_numpy(array: NDArray[Any]) -> tuple[NDArray[Any], str]:
    name = array.dtype.name
    return (array.view(np.uint16), name) if name == "bfloat16" else (array, name)


def _of_torch(tensor: Any) -> tuple[NDArray[Any], str]:
    import torch

    tensor = tensor.detach()
    if tensor.device.type != "cpu":
        raise TypeError(f"the tensor is on {tensor.device}: measure a copy on the CPU, tensor.cpu()")
    if tensor.dtype == torch.bfloat16:
        return np.from_dlpack(tensor.view(torch.uint16)), "bfloat16"
    array = np.from_dlpack(tensor)
    return array, array.dtype.name
