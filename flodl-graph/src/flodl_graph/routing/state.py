"""`state_add`: memory at its simplest."""

from __future__ import annotations

from typing import final

from torch import Tensor, nn

from flodl_graph.routing.refs import with_refs


@final
class StateAdd(nn.Module):
    """The stream plus everything `using` names; with nothing there yet, the stream. Shapes: all broadcast."""

    def forward(self, x: Tensor, **refs: Tensor) -> Tensor:
        """Add, in the order of `using`."""
        return with_refs(x, refs)
