"""`switch(selector, branches)`: one branch is chosen; the others do not count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, final

import torch
from attrs import frozen
from flodl_core import BuildError, RoutingError, ShapeError
from torch import Tensor, nn

from flodl_graph.ir.node import AbstractNode, Part
from flodl_graph.ir.sketch import Link, Sketch
from flodl_graph.known import is_at_hand, is_known
from flodl_graph.part import as_module, as_modules, stream_of
from flodl_graph.words.inside import shown

# B batch


@final
class SwitchModule(nn.Module):
    """The output of the branch that the selector's index names.

    Args:
        per: `"batch"`: one index for the whole batch; only that branch runs, and the host waits for the
            index. `"sample"`: an index for each row; every branch runs, and nothing waits.
    """

    def __init__(self, selector: Part, branches: Sequence[Part], per: str) -> None:
        super().__init__()
        self.selector, self.branches = as_module(selector), as_modules(branches)
        self.per = per

    def forward(self, x: Tensor, *, wanted: tuple[str, ...] = (), **refs: Tensor) -> Any:
        """Choose. Shapes: x [B, ...] -> what the branch makes of it.

        Raises:
            ShapeError: The index is not one for the batch, or not one for each row.
            RoutingError: There is no such branch.
        """
        index = self.selector(x, **refs)
        if not isinstance(index, Tensor):
            raise RoutingError(f"a selector gives a tensor, got {index!r}", mend="torch.tensor(index)")
        chosen = self._by_sample(x, index) if self.per == "sample" else self._by_batch(x, index)
        return (chosen, index) if wanted else chosen

    def _by_batch(self, x: Tensor, index: Tensor) -> Tensor:
        if not is_known(index):  # only shapes are asked for: all branches must fit, and may agree
            outputs = [stream_of(branch(x)) for branch in self.branches]
            if len({output.shape for output in outputs}) == 1:
                agreed: Tensor = outputs[0]
                return agreed
        chosen: Tensor = stream_of(self.branches[self._one(index)](x))
        return chosen

    def _one(self, index: Tensor) -> int:
        if index.numel() != 1:
            raise ShapeError(f"switch() takes one index for the batch, got {tuple(index.shape)}", mend='per="sample"')
        number = float(index)
        if not (number.is_integer() and 0 <= number < len(self.branches)):
            raise self._no_such_branch(f"{number:g}")
        return int(number)

    def _no_such_branch(self, told: str) -> RoutingError:
        return RoutingError(f"switch() was told branch {told}, and has branches 0 to {len(self.branches) - 1}")

    def _by_sample(self, x: Tensor, index: Tensor) -> Tensor:
        if index.shape != x.shape[:1]:
            raise ShapeError(f"switch(per='sample') takes {tuple(x.shape[:1])} indices, got {tuple(index.shape)}")
        if is_at_hand(index) and len(wrong := index[(index < 0) | (index >= len(self.branches))]):
            raise self._no_such_branch(f"{wrong[0]}")
        outputs = torch.stack([stream_of(branch(x)) for branch in self.branches])  # [N, B, ...]
        return outputs[index.long(), torch.arange(x.shape[0], device=x.device)]


@final
@frozen(kw_only=True)
class Switch(AbstractNode):
    """The stream becomes one branch's output. `using` speaks to the selector; further output: `index`."""

    word: ClassVar[str] = "switch"
    outputs: ClassVar[tuple[str, ...]] = ("index",)

    per: str

    @classmethod
    def from_words(
        cls, selector: Part, branches: Sequence[Part], per: Literal["batch", "sample"] = "batch"
    ) -> tuple[dict[str, Any], Part]:
        """A selector, at least two branches, and for whom one of them is chosen."""
        if len(branches) < 2:
            raise BuildError(f"switch() chooses between at least 2 branches, got {len(branches)}", mend="use through()")
        return {"per": per}, SwitchModule(selector, branches, per)

    @classmethod
    def hints(cls, arguments: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        """The selector may want to know how many branches there are, and for whom it chooses."""
        return {"selector": {"n": len(arguments.get("branches", ())), "per": arguments.get("per", "batch")}}

    @classmethod
    def addressed(cls, part: Any) -> Part:
        """The selector."""
        selector: Part = part.selector
        return selector

    def sketch(self, part: Any) -> Sketch:
        """The selector beside the branches, and the one output that it picks."""
        branches = [shown(branch, f"branches.{index}") for index, branch in enumerate(part.branches)]
        links = [link for b in branches for link in (Link("", b.name), Link(b.name, "pick"))]
        selector = shown(part.selector, "selector", addressed=True)
        pick = Sketch("one of them", "hexagon", "route", name="pick")
        chosen = (Link("", "selector"), Link("selector", "pick", "choice"), Link("pick", ""))
        return Sketch("switch", "hexagon", "route", (*branches, selector, pick), (*links, *chosen))
