"""Shapes written down: `"f32[B,3]"` to a tensor without data, and back."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import final

import torch
from attrs import define, field
from flodl_core import ShapeError
from torch import Tensor

_DTYPES = {
    "f16": torch.float16,
    "bf16": torch.bfloat16,
    "f32": torch.float32,
    "f64": torch.float64,
    "i32": torch.int32,
    "i64": torch.int64,
    "u8": torch.uint8,
    "bool": torch.bool,
    "c64": torch.complex64,
}
_SIZES = (101, 103, 107, 109, 113, 127, 131, 137)  # sizes that no layer has, and that no two letters share


@final
@define
class Letters:
    """What `B` and `T` stand for while shapes are run through a graph."""

    sizes: dict[str, int] = field(factory=dict)

    def tensor(self, text: str, device: torch.device) -> Tensor:
        """A tensor of the written dtype and shape.

        Raises:
            ShapeError: The text is no shape.
        """
        match = re.fullmatch(r"\s*(\w+)\s*\[([\w\s,]*)\]\s*", text)
        if match is None or match[1] not in _DTYPES:
            raise ShapeError(f"{text!r} is no shape", mend=f'"f32[B,3]", with one of {", ".join(_DTYPES)}')
        words = [word.strip() for word in match[2].split(",") if word.strip()]
        return torch.empty([self._size(word, text) for word in words], dtype=_DTYPES[match[1]], device=device)

    def text(self, value: Tensor) -> str:
        """A tensor's dtype and shape, with letters where a size is one's."""
        dtype = next((name for name, known in _DTYPES.items() if known == value.dtype), str(value.dtype))
        return f"{dtype}[{self.sizes_text(value.shape)}]"

    def sizes_text(self, shape: Iterable[int]) -> str:
        """Sizes, with letters where they are one's."""
        letters = {size: letter for letter, size in self.sizes.items()}
        return ",".join(letters.get(int(size), str(int(size))) for size in shape)

    def _size(self, word: str, text: str) -> int:
        if word.isdigit():
            return int(word)
        if not word.isidentifier():
            raise ShapeError(f"{text!r} has a size {word!r}", mend="a number, or a name such as B")
        if word not in self.sizes:
            self.sizes[word] = _SIZES[len(self.sizes) % len(_SIZES)] + 100 * (len(self.sizes) // len(_SIZES))
        return self.sizes[word]
