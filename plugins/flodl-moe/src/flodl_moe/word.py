"""`moe(experts, dim, top_k)`: run for each token the few experts that a router chooses for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar, final

from attrs import frozen
from flodl_core import BuildError
from flodl_graph import AbstractNode, Link, Part, Sketch, shown

from flodl_moe.mixture import OUTPUTS, SparseMixture


@final
@frozen(kw_only=True)
class Moe(AbstractNode):
    """The stream becomes, token by token, a blend of the chosen experts. `using` speaks to the router.

    Further outputs: `weights` and `index` [..., K], `load` [E], `balance_loss`, `z_loss` and `dropped` [].
    """

    word: ClassVar[str] = "moe"
    outputs: ClassVar[tuple[str, ...]] = OUTPUTS

    @classmethod
    def from_words(
        cls,
        experts: Sequence[Part],
        dim: int,
        top_k: int = 2,
        capacity: float | None = None,
        noisy: bool = False,
    ) -> tuple[dict[str, Any], Part]:
        """At least two experts, the features of a token, and how many experts each token has."""
        if len(experts) < 2:
            raise BuildError(f"moe() chooses among at least 2 experts, got {len(experts)}", mend="use through()")
        _check_count("dim counts the features of a token", dim)
        _check_count("top_k counts the experts of a token", top_k)
        if top_k > len(experts):
            raise BuildError(f"moe() cannot choose {top_k} of {len(experts)} experts", mend=f"top_k={len(experts)}")
        if capacity is not None and not 0 < capacity < math.inf:
            raise BuildError(
                f"capacity is how many times its even share an expert takes, got {capacity!r}", mend="capacity=1.25"
            )
        return {}, SparseMixture(experts, dim, top_k, capacity, noisy=noisy)

    @classmethod
    def addressed(cls, part: Any) -> Part:
        """The router."""
        router: Part = part.router
        return router

    def sketch(self, part: Any) -> Sketch:
        """The router beside the experts, and the blend of those that it chooses."""
        experts = [shown(expert, f"experts.{index}") for index, expert in enumerate(part.experts)]
        links = [link for e in experts for link in (Link("", e.name), Link(e.name, "blend"))]
        router = shown(part.router, "router", addressed=True)
        blend = Sketch(f"{part.top_k} of {len(experts)}", "trapezium", "route", name="blend")
        routed = (Link("", "router"), Link("router", "blend", "choice"), Link("blend", ""))
        return Sketch("mixture of experts", "trapezium", "route", (*experts, router, blend), (*links, *routed))


def _check_count(what: str, value: int) -> None:
    if value < 1:
        raise BuildError(f"moe(): {what}, got {value!r}")
