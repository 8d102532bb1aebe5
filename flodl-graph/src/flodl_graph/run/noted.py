"""The shape of every value, noted while a graph runs on tensors that may hold no data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, final

from attrs import define, field
from torch import Tensor
from torch.utils import _pytree as pytree

from flodl_graph.run.shapes import Letters


@final
@define
class Shapes:
    """A `Watch` that notes shapes.

    Args:
        letters: What sizes such as `B` stand for.
        noted: Dotted path of each value to its dtype and shape: `"f32[B,16]"`.
    """

    letters: Letters = field(factory=Letters)
    noted: dict[str, str] = field(factory=dict)

    def enter(self, path: str, read: Iterable[Any]) -> None:
        """Nothing is known yet."""

    def leave(self, path: str, made: Mapping[str, Any]) -> None:
        """Note what was made."""
        for name, value in made.items():
            first = next((leaf for leaf in pytree.tree_leaves(value) if isinstance(leaf, Tensor)), None)
            if first is not None:
                self.noted[name] = self.letters.text(first)

    def of_inputs(
        self, names: Sequence[str], examples: Sequence[str | Tensor], named: Mapping[str, str | Tensor | None]
    ) -> dict[str, str]:
        """The shapes of a graph's inputs, as they were given."""
        given = {**dict(zip(names, examples, strict=False)), **named}
        texts = {
            name: self.letters.text(value) if isinstance(value, Tensor) else value for name, value in given.items()
        }
        return {name: text for name, text in texts.items() if text is not None}


def of_kept(prefix: str, tags: Iterable[tuple[str, str]], kept: Mapping[str, Any]) -> dict[str, str]:
    """The shapes of tagged values that a call left: dotted path of the value to shape."""
    letters = Letters()
    return {prefix + value: letters.text(kept[tag]) for tag, value in tags if isinstance(kept.get(tag), Tensor)}
