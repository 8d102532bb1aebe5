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
_SIZES = tuple(n for n in range(101, 400) if all(n % d for d in range(2, 20)))  # prime: a product tells its factors
_NUMBER = re.compile(r"(?<![\w.])\d+(?!\w|\.\d)")


def dtype_text(dtype: torch.dtype) -> str:
    """A type as shapes are written with.

    >>> dtype_text(torch.float32), dtype_text(torch.int16)
    ('f32', 'torch.int16')
    """
    return next((name for name, known in _DTYPES.items() if known == dtype), str(dtype))


@final
@define
class Letters:
    """What `B` and `T` stand for while shapes are run through a graph.

    Each stands for a prime number that divides no size of the graph's own: where a size is a letter's, or a
    multiple of it, that is no accident.

    Args:
        sizes: Letter to the number.
        own: Sizes that stand for themselves.
    """

    sizes: dict[str, int] = field(factory=dict)
    own: set[int] = field(factory=set)

    def keep_clear_of(self, tensors: Iterable[Tensor], texts: Iterable[str]) -> None:
        """Let no letter that is still to come stand for a size of these."""
        self.own |= {size for tensor in tensors for size in tensor.shape}
        self.own |= {int(number) for text in texts for number in _NUMBER.findall(text)}

    def tensor(self, text: str, device: torch.device) -> Tensor:
        """A tensor of the written dtype and shape.

        Raises:
            ShapeError: The text is no shape.
        """
        match = re.fullmatch(r"\s*(\w+)\s*\[([\w\s,]*)\]\s*", text)
        if match is None or match[1] not in _DTYPES:
            raise ShapeError(f"{text!r} is no shape", mend=f'"f32[B,3]", with one of {", ".join(_DTYPES)}')
        sizes = [self._size(word.strip(), text) for word in match[2].split(",") if word.strip()]
        try:
            return torch.empty(sizes, dtype=_DTYPES[match[1]], device=device)
        except (RuntimeError, TypeError, OverflowError):
            raise ShapeError(f"{text!r} has more elements than can be counted") from None

    def text(self, value: Tensor) -> str:
        """A tensor's dtype and shape, with letters where a size is one's."""
        return f"{dtype_text(value.dtype)}[{self.sizes_text(value.shape)}]"

    def sizes_text(self, shape: Iterable[int]) -> str:
        """Sizes, with letters where they are one's."""
        return ",".join(self._size_text(int(size)) for size in shape)

    def written(self, text: str) -> str:
        """A text of torch's, with letters for the sizes in it that are one's."""
        plain = re.sub(r"torch\.Size\((\[[\d, ]*\])\)", r"\1", text)
        return _NUMBER.sub(lambda number: self._size_text(int(number[0])), plain)

    def _size_text(self, size: int) -> str:
        """A size as a person would write it: `B`, or `4*B*T` of a product.

        >>> letters = Letters({"B": 101, "T": 103})
        >>> [letters._size_text(size) for size in (101, 4 * 101 * 103, 102)]
        ['B', '4*B*T', '102']
        """
        factors = []
        for letter, prime in self.sizes.items():
            while size and size % prime == 0:
                factors.append(letter)
                size //= prime
        return "*".join([str(size), *factors] if size != 1 or not factors else factors)

    def _size(self, word: str, text: str) -> int:
        if word.isdigit():
            return int(word)
        if not word.isidentifier():
            raise ShapeError(f"{text!r} has a size {word!r}", mend="a number, or a name such as B")
        if word not in self.sizes:
            free = [prime for prime in _SIZES if prime not in self.sizes.values()]
            clear = (prime for prime in free if all(size % prime for size in self.own if size))
            self.sizes[word] = next(clear, free[0])
        return self.sizes[word]
