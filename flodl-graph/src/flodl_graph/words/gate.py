"""`gate(router, experts)`: run every expert, blend them by the router's weights (Jacobs et al. 1991)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, final

import torch
from attrs import frozen
from flodl_core import BuildError, RoutingError
from torch import Tensor, nn

from flodl_graph.ir.node import AbstractNode, Part
from flodl_graph.ir.sketch import Link, Sketch
from flodl_graph.part import as_module, as_modules, stream_of
from flodl_graph.words.inside import shown

# B batch, and any further leading dimensions; D features; E experts


@final
class GateModule(nn.Module):
    """The sum of all experts' outputs, each weighed by the router."""

    def __init__(self, router: Part, experts: Sequence[Part]) -> None:
        super().__init__()
        self.router, self.experts = as_module(router), as_modules(experts)

    def forward(self, x: Tensor, *, wanted: tuple[str, ...] = (), **refs: Tensor) -> Any:
        """Blend. Shapes: x [B, ...] -> [B, D]; the router's weights are [B, E].

        Weights of fewer dimensions than the outputs hold for all of what they say nothing of: [B, E] for
        sequences [B, T, D] and images [B, C, H, W].

        Raises:
            RoutingError: The router gives something else than a tensor with a weight for each expert.
        """
        weights = self.router(x, **refs)  # [B, E]
        if not isinstance(weights, Tensor):
            raise RoutingError(f"a router gives a tensor, got {weights!r}", mend="torch.tensor([0.5, 0.5])")
        outputs = torch.stack([stream_of(expert(x)) for expert in self.experts], dim=-1)  # [B, D, E]
        if not weights.dim() or weights.shape[-1] != len(self.experts):
            raise RoutingError(
                f"gate() has {len(self.experts)} experts, and its router gave weights {list(weights.shape)}",
                mend=f"a router whose last dimension is {len(self.experts)}",
            )
        each = weights.unsqueeze(-2)
        while each.dim() < outputs.dim():
            each = each.unsqueeze(-2)
        blended = (outputs * each).sum(-1)  # [B, D]
        return (blended, weights) if wanted else blended


@final
@frozen(kw_only=True)
class Gate(AbstractNode):
    """The stream becomes a blend of experts. `using` speaks to the router; further output: `weights` [B, E]."""

    word: ClassVar[str] = "gate"
    outputs: ClassVar[tuple[str, ...]] = ("weights",)

    @classmethod
    def from_words(cls, router: Part, experts: Sequence[Part]) -> tuple[dict[str, Any], Part]:
        """A router, and at least two experts."""
        if len(experts) < 2:
            raise BuildError(
                f"gate() blends at least 2 experts, got {len(experts)}", mend="use through() for one module"
            )
        return {}, GateModule(router, experts)

    @classmethod
    def hints(cls, arguments: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        """The router may want to know how many experts there are."""
        return {"router": {"n": len(arguments.get("experts", ()))}}

    @classmethod
    def addressed(cls, part: Any) -> Part:
        """The router."""
        router: Part = part.router
        return router

    def sketch(self, part: Any) -> Sketch:
        """The router beside the experts, and the blend that both go into."""
        experts = [shown(expert, f"experts.{index}") for index, expert in enumerate(part.experts)]
        links = [link for e in experts for link in (Link("", e.name), Link(e.name, "blend"))]
        router = shown(part.router, "router", addressed=True)
        blend = Sketch("blend", "trapezium", "route", name="blend")
        routed = (Link("", "router"), Link("router", "blend", "choice"), Link("blend", ""))
        return Sketch("gate", "trapezium", "route", (*experts, router, blend), (*links, *routed))
