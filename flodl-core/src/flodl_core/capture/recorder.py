"""What records: the one thing that differs between devices."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

import torch

T = TypeVar("T")


class Recorder(Protocol):
    """Turns a function that works on tensors in place into something that does the same again, without Python.

    `CudaRecorder` is the one there is; tests have one that plays operations back on the CPU.
    """

    device: torch.device

    def trial(self) -> AbstractContextManager[None]:
        """Where a function runs eagerly, as it will be recorded; reading back from the device raises."""
        ...

    def record(self, function: Callable[[], T]) -> tuple[T, Callable[[], None]]:
        """What the function returned, whose tensors each replay fills anew; and the replay."""
        ...

    def tidy(self) -> None:
        """Give the device back what is held but not in use. Called before a trial, and when all it held is gone."""
        ...
