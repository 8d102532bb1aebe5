"""How precisely a step computes: `fp32 tf32 bf16 fp16`, and what each needs around the work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, final

import torch
from attrs import frozen
from flodl_core import TrainingError
from flodl_core.errors import did_you_mean
from torch import Tensor

_HALVES = {"bf16": torch.bfloat16, "fp16": torch.float16}
_WORDS = ("fp32", "tf32", "bf16", "fp16")
_NOTHING = nullcontext()  # one for all: a step of a small model is short


@final
@frozen
class Precision:
    """One of the four words, as context managers around the whole step and around its forward.

    `fp32` leaves PyTorch's own settings alone; `tf32` admits TensorFloat-32 in matrix products and
    convolutions while the step runs, and leaves the settings as they were; `bf16` and `fp16` run
    the forward and the loss under autocast, `fp16` with a loss scale besides.
    """

    word: str

    @classmethod
    def parse(cls, word: str) -> Precision:
        """Read the word.

        Raises:
            TrainingError: There is no such precision.
        """
        if word not in _WORDS:
            mend = did_you_mean(str(word), _WORDS) or f"one of {', '.join(_WORDS)}"
            raise TrainingError(f"no precision is called {word!r}", mend=mend)
        return cls(word)

    @property
    def scales_loss(self) -> bool:
        """Do gradients need a loss scale, lest they underflow?"""
        return self.word == "fp16"

    def around_step(self) -> AbstractContextManager[Any]:
        """Around forward, loss and backward."""
        return _tensor_float_32() if self.word == "tf32" else _NOTHING

    def around_forward(self, beside: Tensor) -> AbstractContextManager[Any]:
        """Around forward and loss alone, on the device of a tensor."""
        half = _HALVES.get(self.word)
        return _NOTHING if half is None else torch.autocast(beside.device.type, dtype=half)


@contextmanager
def _tensor_float_32() -> Iterator[None]:
    """Both switches of PyTorch for TF32 on, then as they were.

    Whichever of its two interfaces the program used so far is used here too: PyTorch refuses a mix.
    """
    matmul: Any = torch.backends.cuda.matmul
    cudnn: Any = torch.backends.cudnn
    try:
        before = [(matmul, "allow_tf32", matmul.allow_tf32), (cudnn, "allow_tf32", cudnn.allow_tf32)]
        admitted: bool | str = True
    except RuntimeError:
        before = [(room, "fp32_precision", room.fp32_precision) for room in (matmul, cudnn.conv, cudnn.rnn)]
        admitted = "tf32"
    try:
        for room, switch, _ in before:
            setattr(room, switch, admitted)
        yield
    finally:
        for room, switch, value in before:
            setattr(room, switch, value)
