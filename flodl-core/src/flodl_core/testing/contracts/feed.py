"""What an example feeds its product: `"f32[4,3]:0..1"` as a tensor, and as something to differentiate by."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import final

import torch
from attrs import frozen
from torch import Tensor

from flodl_core.errors import ComponentError
from flodl_core.tensor.dtype import DTYPES

_FORM = re.compile(r"(?P<dtype>\w+)\[(?P<sizes>[\w,]*)\](:(?P<values>\S+))?")
_RANGE = re.compile(r"(?P<low>-?[\d.]+?)\.\.(?P<high>-?[\d.]+)")
_LETTERS = (2, 3, 5, 4)  # what B, T, ... stand for, in the order of their coming
_MEND = '"f32[4,3]", "i64[4]:0..2", "f32[4]:-1,1", "f32[4,3]:probs"'


@final
@frozen
class Slot:
    """One input, as written.

    Args:
        text: As the example has it.
        dtype: Of its elements.
        shape: Its sizes.
        values: What they hold: a range, some values, a word, or nothing.
    """

    text: str
    dtype: torch.dtype
    shape: tuple[int, ...]
    values: str = ""

    @property
    def moves(self) -> bool:
        """Whether there is a gradient by it: it is floating, and no label."""
        return self.dtype.is_floating_point and "," not in self.values

    def draw(self, generator: torch.Generator) -> Tensor:
        """Free numbers in float64 for what moves, else the values themselves."""
        if self.moves:
            return torch.randn(self.shape, generator=generator, dtype=torch.float64)
        count = int(torch.Size(self.shape).numel())
        if self.values == "distinct":
            return torch.randperm(count, generator=generator).reshape(self.shape).to(self.dtype)
        if "," in self.values:
            some = torch.tensor([float(word) for word in self.values.split(",")], dtype=torch.float64)
            return some[torch.randint(len(some), self.shape, generator=generator)].to(self.dtype)
        low, high = self._range or (0.0, 1.0)
        if self.dtype.is_complex:
            return torch.randn(self.shape, generator=generator, dtype=self.dtype)
        return torch.randint(int(low), int(high) + 1, self.shape, generator=generator).to(self.dtype)

    def shaped(self, free: Tensor) -> Tensor:
        """Free numbers as what the slot holds: within its range, or along its simplex. Smooth, so gradients pass."""
        if not self.moves or not self.values:
            return free
        if self.values == "probs":
            return free.softmax(-1)
        if self.values == "log_probs":
            return free.log_softmax(-1)
        assert self._range is not None
        low, high = self._range
        return low + (high - low) * free.sigmoid()

    @property
    def _range(self) -> tuple[float, float] | None:
        match = _RANGE.fullmatch(self.values)
        return (float(match["low"]), float(match["high"])) if match else None


@final
@frozen
class Feed:
    """All inputs of an example.

    Args:
        slots: As written, in order.
    """

    slots: tuple[Slot, ...]

    @classmethod
    def parse(cls, texts: Sequence[str]) -> Feed:
        """Read them; a letter is the same size everywhere.

        Raises:
            ComponentError: One of them cannot be read.
        """
        letters: dict[str, int] = {}
        return cls(tuple(_slot(text, letters) for text in texts))

    def draw(self, seed: int = 0) -> list[Tensor]:
        """Free numbers for each slot, on the CPU: the same for the same seed, whatever the device."""
        generator = torch.Generator().manual_seed(seed)
        return [slot.draw(generator) for slot in self.slots]

    def shaped(self, free: Sequence[Tensor]) -> list[Tensor]:
        """What the slots hold, made of free numbers."""
        return [slot.shaped(value) for slot, value in zip(self.slots, free, strict=True)]

    def tensors(
        self, device: str | torch.device = "cpu", *, seed: int = 0, floating: torch.dtype | None = None
    ) -> list[Tensor]:
        """The inputs.

        Args:
            device: Where they live.
            seed: Of what they hold.
            floating: For all that are floating, instead of their own dtype.
        """
        values = zip(self.slots, self.shaped(self.draw(seed)), strict=True)
        return [v.to(device, (floating or s.dtype) if s.dtype.is_floating_point else s.dtype) for s, v in values]


def _slot(text: str, letters: dict[str, int]) -> Slot:
    match = _FORM.fullmatch(text.strip())
    dtype = match and {**DTYPES, "c64": torch.complex64, "c128": torch.complex128}.get(match["dtype"])
    if not match or not isinstance(dtype, torch.dtype):
        raise ComponentError(f"an example's input is {text!r}, which is no tensor", mend=_MEND)
    values = match["values"] or ""
    if not (values in ("", "probs", "log_probs", "distinct") or _RANGE.fullmatch(values) or "," in values):
        raise ComponentError(f"an example's input {text!r} holds {values!r}, which is no kind of values", mend=_MEND)
    return Slot(text, dtype, tuple(_size(word, letters) for word in match["sizes"].split(",") if word), values)


def _size(word: str, letters: dict[str, int]) -> int:
    if word.isdigit():
        return int(word)
    return letters.setdefault(word, _LETTERS[len(letters) % len(_LETTERS)])
