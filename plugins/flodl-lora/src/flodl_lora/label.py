"""What a file of adapters says of them: JSON, read with the suspicion that a file from elsewhere deserves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, final

import torch
from attrs import frozen
from flodl_core import CheckpointError
from torch import Tensor

_FORM = "flodl-lora 1"
_MOST = 1 << 22  # characters; a thousand adapters take 200,000
_BLOCK = 1 << 24


@final
@frozen
class Saved:
    """One adapter, as a file describes it.

    Args:
        layer: torch's class of the layer it is for: `"Linear"`.
        shape: Of that layer's weight.
        options: `rank`, `alpha` and `dropout`.
        base: The fingerprint of the weight that it was trained on.
    """

    layer: str
    shape: tuple[int, ...]
    options: Mapping[str, Any]
    base: str


@final
@frozen
class Label:
    """All of them.

    Args:
        adapters: By the path of the layer.
        also: Names of what else the file holds.
    """

    adapters: Mapping[str, Saved]
    also: tuple[str, ...] = ()

    def text(self) -> str:
        """For the file."""
        table = {
            path: {"layer": s.layer, "shape": list(s.shape), **s.options, "base": s.base}
            for path, s in self.adapters.items()
        }
        return json.dumps({"form": _FORM, "adapters": table, "also": list(self.also)})

    def shown(self) -> str:
        """For people: a line for each adapter."""
        lines = [
            f"{path}: {s.layer}[{','.join(map(str, s.shape))}] + rank {s.options['rank']}, alpha {s.options['alpha']:g}"
            for path, s in self.adapters.items()
        ]
        return "\n".join([*lines, *self.also]) + "\n"

    @classmethod
    def parse(cls, text: str | None, where: str) -> Label:
        """Read it.

        Raises:
            CheckpointError: It is something else.
        """
        if text is None or len(text) > _MOST or _FORM.partition(" ")[0] not in text[:40]:
            raise CheckpointError("it holds no adapters", where=where, mend="save_adapters() writes files that do")
        try:
            said = json.loads(text)
            if said["form"] != _FORM:
                raise CheckpointError(
                    f"its adapters are of the form {said['form']!r}",
                    where=where,
                    mend="pip install --upgrade flodl-lora",
                )
            adapters = {_text(path): _saved(table) for path, table in said["adapters"].items()}
            return cls(adapters, tuple(_text(name) for name in said["also"]))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            if isinstance(error, CheckpointError):
                raise
            raise CheckpointError("what it says of its adapters cannot be read", where=where) from error


def fingerprint(weight: Tensor) -> str:
    """32 hexadecimal digits over every bit of a weight: other values, another fingerprint."""
    digest = hashlib.blake2b(f"{weight.dtype} {tuple(weight.shape)}".encode(), digest_size=16)
    flat = weight.detach().reshape(-1)
    for block in flat.split(_BLOCK):  # one at a time on the host
        digest.update(block.contiguous().view(torch.uint8).cpu().numpy().tobytes())
    return digest.hexdigest()


def _saved(table: Mapping[str, Any]) -> Saved:
    shape = tuple(table["shape"])
    if not all(type(size) is int and size >= 0 for size in shape):
        raise ValueError(shape)
    options = {option: table[option] for option in ("rank", "alpha", "dropout")}
    if not all(isinstance(number, int | float) for number in options.values()):
        raise ValueError(options)
    return Saved(_text(table["layer"]), shape, options, _text(table["base"]))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value
