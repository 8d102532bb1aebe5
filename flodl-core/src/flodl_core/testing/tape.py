"""A recorder for machines without a GPU: what a step does to tensors, played back operation by operation.

It keeps to what a CUDA graph does: every tensor stays where it was when recorded, numbers that came
from Python are held still, no Python runs at a replay, and what reads a value back cannot be
recorded. So everything around a recording can be tested on the CPU.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, final

import torch
from torch import Tensor
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode

T = TypeVar("T")
_READS_BACK = frozenset({"aten::_local_scalar_dense", "aten::nonzero", "aten::equal", "aten::masked_select"})


@final
class TapeRecorder:
    """Records on the CPU.

    Unlike a GPU it computes while it records, so that whoever uses it must put state back before
    the first replay; `CapturedStep` does.

    Args:
        device: The CPU.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.recorded = 0

    @contextmanager
    def trial(self) -> Iterator[None]:
        """Run eagerly; what reads a value back raises."""
        with _Tape():
            yield

    def record(self, function: Callable[[], T]) -> tuple[T, Callable[[], None]]:
        """What the function returned, and how to do it again."""
        with _Tape() as tape:
            result = function()
        self.recorded += 1
        return result, tape.play

    def tidy(self) -> None:
        """Nothing to give back."""


@final
class _Tape(TorchDispatchMode):
    """Every operation on tensors, with the tensors themselves."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._operations: list[tuple[Any, tuple[Any, ...], dict[str, Any], Any]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func._schema.name in _READS_BACK:
            raise RuntimeError(f"called a synchronizing CUDA operation: {func._schema.name}")
        made = func(*args, **(kwargs or {}))
        self._operations.append((func, args, kwargs or {}, made))
        return made

    @torch.no_grad()
    def play(self) -> None:
        """All of them again, each result into the tensor that held it."""
        for func, args, kwargs, made in self._operations:
            again = func(*args, **kwargs)
            if any(result.alias_info is not None for result in func._schema.returns):
                continue  # in place, or a view: already where it belongs
            for held, fresh in zip(pytree.tree_leaves(made), pytree.tree_leaves(again), strict=True):
                if isinstance(held, Tensor) and isinstance(fresh, Tensor):
                    held.copy_(fresh)
