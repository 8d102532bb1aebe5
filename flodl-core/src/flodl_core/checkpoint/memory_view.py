"""Between tensors and bytes, without a copy where there need be none."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from flodl_core.errors import CheckpointError


def bytes_of(tensor: Tensor) -> memoryview:
    """The tensor's elements, row by row, little endian. Shares the tensor's memory where that is possible."""
    _check_byte_order()
    flat = tensor.detach().resolve_conj().resolve_neg().cpu().contiguous().reshape(-1)
    return flat.view(torch.uint8).numpy().data


def tensor_over(data: memoryview, dtype: torch.dtype, shape: Sequence[int]) -> Tensor:
    """A tensor that shares `data`, which must be writable and as long as type and shape ask for."""
    _check_byte_order()
    if not data.nbytes:
        return torch.empty(tuple(shape), dtype=dtype)
    flat = torch.from_numpy(np.frombuffer(data, dtype=np.uint8))
    if flat.data_ptr() % dtype.itemsize:
        flat = flat.clone()
    return flat.view(dtype).reshape(tuple(shape))


def _check_byte_order() -> None:
    if sys.byteorder != "little":
        raise CheckpointError("checkpoints are little endian, this machine is not")
