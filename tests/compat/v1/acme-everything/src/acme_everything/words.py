"""A word of the graph builder: its live module, and its node."""

import torch
from attrs import frozen
from flodl_graph import AbstractNode, Part, Sketch


class HighwayModule(torch.nn.Module):
    def __init__(self, body: Part, dim: int) -> None:
        super().__init__()
        self.body, self.gate = body, torch.nn.Linear(dim, dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        share = torch.sigmoid(self.gate(x))
        return share * self.body(x) + (1 - share) * x


@frozen(kw_only=True)
class Highway(AbstractNode):
    word = "acme_highway"

    @classmethod
    def from_words(cls, body: Part, dim: int) -> tuple[dict[str, object], Part]:
        return {}, HighwayModule(body, dim)

    def sketch(self, part: Part) -> Sketch:
        return Sketch("highway", "octagon")
