"""A third party's word whose first argument is a list of modules: all of them run, and are added up."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from attrs import frozen
from flodl_core import WordSpec, hookimpl
from flodl_graph import AbstractNode, Part, Sketch, as_modules, shown, stream_of


class ChorusModule(torch.nn.Module):
    def __init__(self, voices: Sequence[Part], times: int) -> None:
        super().__init__()
        self.voices, self.times = as_modules(voices), times

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.times * sum(stream_of(voice(x)) for voice in self.voices)


@frozen(kw_only=True)
class Chorus(AbstractNode):
    word = "chorus"

    @classmethod
    def from_words(cls, voices: Sequence[Part], times: int = 1) -> tuple[dict[str, object], Part]:
        return {}, ChorusModule(voices, times)

    def sketch(self, part: Part) -> Sketch:
        return Sketch("chorus", inner=tuple(shown(v, f"voices.{i}") for i, v in enumerate(part.voices)))


@hookimpl
def flodl_words():
    yield WordSpec(name="chorus", target="chorus:Chorus", summary="All at once.")
