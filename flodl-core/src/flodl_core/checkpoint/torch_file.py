"""The one door to torch's own files: a `state_dict` of tensors, opened by torch's restricted unpickler alone.

A torch file is a pickle. `weights_only=True` refuses what is no tensor; releases before 2.10 could be tricked
(CVE-2025-32434 before 2.6, CVE-2026-24747 before 2.10), so that older ones are not used for it.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from flodl_core.checkpoint.dtypes import DTYPE_NAMES
from flodl_core.checkpoint.info import quoted
from flodl_core.errors import CheckpointError

LEAST = (2, 10)
SUFFIXES = (".pt", ".pth", ".bin", ".ckpt")
_ZIP = b"PK\x03\x04"
_WRAPPERS = ("state_dict", "model_state_dict", "model")  # what training scripts put a state_dict into


def is_torch_file(path: Path) -> bool:
    """Whether name and first bytes say so: a pickle under a safe name is not opened as one."""
    return path.suffix in SUFFIXES and holds_torch(path)


def holds_torch(path: Path) -> bool:
    """Whether a file begins as `torch.save` begins: with a zip archive, or (before 1.6) with a bare pickle."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        first = file.read(len(_ZIP) + 5)
    pickled = first[:1] == b"\x80" and first[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05")
    return first.startswith(_ZIP) or (pickled and first[8:9] != b"{")  # there a safetensors header begins


def read_torch_file(path: Path) -> dict[str, Tensor]:
    """The tensors of a `state_dict` that `torch.save` wrote.

    Raises:
        CheckpointError: It holds something else, or this torch is too old to open it safely.
    """
    release = tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2])
    if release < LEAST:
        raise CheckpointError(
            f"a torch file is opened by torch {LEAST[0]}.{LEAST[1]} or later only, this is {torch.__version__}: "
            "older ones can be made to run code",
            mend="pip install --upgrade torch, or save it with safetensors",
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about how old files were written
            said = torch.load(path, map_location="cpu", weights_only=True, mmap=False)
    except OSError:
        raise
    except Exception:  # the unpickler has many ways to say no, all in its own terms
        raise CheckpointError(
            "torch's restricted loader refuses it: it holds more than tensors, or is damaged",
            mend="save its state_dict alone, where it was made: torch.save(model.state_dict(), ...)",
        ) from None
    return _tensors(said)


def _tensors(said: Any) -> dict[str, Tensor]:
    if isinstance(said, Mapping) and not any(isinstance(value, Tensor) for value in said.values()):
        inner = [said[key] for key in _WRAPPERS if isinstance(said.get(key), Mapping)]
        said = inner[0] if inner else said
    if not isinstance(said, Mapping) or not said:
        raise CheckpointError("it holds no state_dict: a table of names and tensors is due")
    for name, value in said.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise CheckpointError(f"entry {quoted(str(name))} is no tensor, but of type {type(value).__name__}")
        if value.layout is not torch.strided or value.is_quantized or value.dtype not in DTYPE_NAMES:
            raise CheckpointError(f"entry {quoted(name)}: safetensors cannot hold {value.layout} of {value.dtype}")
    return dict(said)
