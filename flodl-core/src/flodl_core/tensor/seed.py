"""Every generator of random numbers, seeded, remembered and put back together.

That is torch's on the CPU and on each CUDA device, Python's `random`, and numpy's global one if anybody imported
numpy. Generators that a program makes itself, and those of data loader workers, are its own affair.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, final

import torch
from attrs import frozen
from torch import Tensor

from flodl_core.errors import TensorError

_NUMPY_SEEDS = 2**32


@final
@frozen(eq=False)
class RandomState:
    """Where every generator stands.

    Args:
        cpu: torch's on the CPU.
        cuda: torch's on each CUDA device; empty where CUDA was not used yet.
        first_seed: What torch was seeded with last: devices that wake up later begin there.
        python: `random`'s.
        numpy: The global one of numpy; None where numpy was not imported.
    """

    cpu: Tensor
    cuda: tuple[Tensor, ...]
    first_seed: int
    python: tuple[Any, ...]
    numpy: dict[str, Any] | None

    @classmethod
    def capture(cls) -> RandomState:
        """Read all generators. Wakes no device, changes nothing."""
        numpy = _numpy_random()
        return cls(
            cpu=torch.get_rng_state(),
            cuda=tuple(torch.cuda.get_rng_state_all()) if torch.cuda.is_initialized() else (),
            first_seed=torch.initial_seed(),
            python=random.getstate(),
            numpy=None if numpy is None else numpy.get_state(legacy=False),
        )

    def restore(self) -> None:
        """Put all generators back to where they stood."""
        torch.set_rng_state(self.cpu)
        if self.cuda:
            torch.cuda.set_rng_state_all(self.cuda)
        else:
            torch.cuda.manual_seed_all(self.first_seed)
        random.setstate(self.python)
        numpy = _numpy_random()
        if numpy is not None and self.numpy is not None:
            numpy.set_state(self.numpy)


def seed_everything(seed: int) -> None:
    """Seed every generator, so that a run can be repeated.

    Bitwise equal runs on CUDA also need `torch.use_deterministic_algorithms(True)`.

    Args:
        seed: From 0 to 2**64 - 1; numpy takes its lower 32 bits.

    Raises:
        TensorError: It is no such number.

    >>> seed_everything(7)
    >>> first = torch.rand(1), random.random()
    >>> seed_everything(7)
    >>> first == (torch.rand(1), random.random())
    True
    """
    if not _is_seed(seed):
        raise TensorError(f"a seed is a whole number from 0 to 2**64 - 1, got {seed!r}")
    torch.manual_seed(seed)  # every CUDA device too, now or when it wakes up
    random.seed(seed)
    numpy = _numpy_random()
    if numpy is not None:
        numpy.seed(seed % _NUMPY_SEEDS)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed every generator for a block of code; afterwards they go on as if it had not been.

    Raises:
        TensorError: `seed` is no seed.

    >>> seed_everything(1)
    >>> with seeded(7):
    ...     inside = torch.rand(1)
    >>> after = torch.rand(1)
    >>> seed_everything(1)
    >>> after == torch.rand(1)
    tensor([True])
    """
    before = RandomState.capture()
    try:
        seed_everything(seed)
        yield
    finally:
        before.restore()


def _is_seed(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**64


def _numpy_random() -> Any:
    """Numpy's module of generators, if numpy was imported."""
    numpy = sys.modules.get("numpy")
    return None if numpy is None else numpy.random
