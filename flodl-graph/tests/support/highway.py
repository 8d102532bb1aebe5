"""A third party's word, whole: the plugin, the node, the module that runs. Highway layers, Srivastava et al. 2015."""

from __future__ import annotations

import torch
from attrs import frozen
from flodl_core import WordSpec, hookimpl
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
    word = "highway"

    @classmethod
    def from_words(cls, body: Part, dim: int) -> tuple[dict[str, object], Part]:
        return {}, HighwayModule(body, dim)

    def sketch(self, part: Part) -> Sketch:
        return Sketch("highway", "octagon")


@hookimpl
def flodl_words():
    yield WordSpec(name="highway", target="highway:Highway", summary="Part body, part stream, by a learned gate.")
