"""Plain data with tensors in it, as JSON and a table of tensors; and back. Nothing is ever executed.

What JSON cannot say is said with a one-key table: `{"$tuple": [...]}`, `{"$float": "nan"}`, `{"$dict": [[key, value],
...]}` for keys that are no strings, `{"$tensor": name}` and `{"$array": name}` for what stands in the table.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from flodl_core.checkpoint.dtypes import DTYPE_NAMES
from flodl_core.checkpoint.info import quoted
from flodl_core.errors import CheckpointError

Json: TypeAlias = Any
Tensors: TypeAlias = dict[str, Tensor]


def pack(value: object, tensors: Tensors, path: str = "") -> Json:
    """The value as JSON; tensors and arrays go into `tensors`, uncopied, under the path that leads to them.

    Raises:
        CheckpointError: Something in it is neither plain data nor a dense tensor.

    >>> table = {}
    >>> pack({"step": 3, "betas": (0.9, math.inf), "grads": [torch.zeros(2)]}, table)
    {'step': 3, 'betas': {'$tuple': [0.9, {'$float': 'inf'}]}, 'grads': [{'$tensor': 'grads.0'}]}
    >>> sorted(table)
    ['grads.0']
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str | int):
        return str(value) if isinstance(value, str) else int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"$float": repr(float(value))}
    if isinstance(value, Tensor):
        return {"$tensor": _put(_storable(value, path), tensors, path)}
    if isinstance(value, np.ndarray):
        return {"$array": _put(_storable(_from_array(value, path), path), tensors, path)}
    if isinstance(value, Mapping):
        return _pack_mapping(value, tensors, path)
    if isinstance(value, list | tuple):
        items = [pack(item, tensors, _below(path, index)) for index, item in enumerate(value)]
        return {"$tuple": items} if isinstance(value, tuple) else items
    raise _unknown(value, path)


def unpack(value: Json, tensors: Mapping[str, Tensor]) -> Any:
    """What `pack` was given; every tensor has memory of its own.

    Raises:
        CheckpointError: It is nothing that `pack` writes.
    """
    if isinstance(value, list):
        return [unpack(item, tensors) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        (key,) = value
        if key in _READERS:
            return _READERS[key](value[key], tensors)
    if any(key.startswith("$") for key in value):
        raise CheckpointError(f"its data has a table of {quoted(next(iter(value)))}, which means nothing")
    return {key: unpack(item, tensors) for key, item in value.items()}


def _pack_mapping(value: Mapping[Any, Any], tensors: Tensors, path: str) -> Json:
    if all(type(key) is str and not key.startswith("$") for key in value):
        return {key: pack(item, tensors, _below(path, key)) for key, item in value.items()}
    pairs = []
    for key, item in value.items():
        if not isinstance(key, str | int | float | tuple) and key is not None:
            raise _unknown(key, path)
        pairs.append([pack(key, tensors, path), pack(item, tensors, _below(path, key))])
    return {"$dict": pairs}


def _below(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)


def _put(tensor: Tensor, tensors: Tensors, path: str) -> str:
    name, number = path or "value", 1
    while name in tensors or name == "__metadata__":
        number += 1
        name = f"{path or 'value'}#{number}"
    tensors[name] = tensor
    return name


def _storable(tensor: Tensor, path: str) -> Tensor:
    dense = tensor.layout is torch.strided and not tensor.is_quantized and not tensor.is_meta
    if not dense or tensor.dtype not in DTYPE_NAMES:
        raise CheckpointError(f"{quoted(path)} is a tensor that cannot be kept: {tensor.layout}, {tensor.dtype}")
    return tensor


def _from_array(array: np.ndarray[Any, Any], path: str) -> Tensor:
    try:
        return torch.from_numpy(np.ascontiguousarray(array)).reshape(array.shape)
    except (TypeError, ValueError):
        raise CheckpointError(f"{quoted(path)} is an array of {array.dtype}, which cannot be kept") from None


def _unknown(value: object, path: str) -> CheckpointError:
    where = f"{quoted(path)} holds " if path else ""
    return CheckpointError(
        f"{where}a {type(value).__name__}, which is neither plain data nor a tensor",
        mend="let state_dict() give numbers, strings, lists, tuples, dicts and tensors",
    )


def _tensor(name: Json, tensors: Mapping[str, Tensor]) -> Tensor:
    if not isinstance(name, str) or name not in tensors:
        raise CheckpointError(f"its data asks for the tensor {quoted(str(name))}, which is not there")
    return tensors[name].clone()


def _array(name: Json, tensors: Mapping[str, Tensor]) -> np.ndarray[Any, Any]:
    return _tensor(name, tensors).numpy()


def _tuple(items: Json, tensors: Mapping[str, Tensor]) -> tuple[Any, ...]:
    return tuple(unpack(_listed(items), tensors))


def _float(text: Json, tensors: Mapping[str, Tensor]) -> float:
    if text not in ("nan", "inf", "-inf"):
        raise CheckpointError(f"its data has the number {quoted(str(text))}")
    return float(text)


def _dict(pairs: Json, tensors: Mapping[str, Tensor]) -> dict[Any, Any]:
    found = {}
    for pair in _listed(pairs):
        if not isinstance(pair, list) or len(pair) != 2:
            raise CheckpointError("its data has a table whose entries are no pairs")
        key = unpack(pair[0], tensors)
        if isinstance(key, list | dict | Tensor | np.ndarray):
            raise CheckpointError(f"its data has a {type(key).__name__} for a key")
        found[key] = unpack(pair[1], tensors)
    return found


def _listed(value: Json) -> list[Any]:
    if not isinstance(value, list):
        raise CheckpointError(f"its data has a {type(value).__name__} where a list is due")
    return value


_READERS: Mapping[str, Callable[[Json, Mapping[str, Tensor]], Any]] = {
    "$tensor": _tensor,
    "$array": _array,
    "$tuple": _tuple,
    "$float": _float,
    "$dict": _dict,
}
