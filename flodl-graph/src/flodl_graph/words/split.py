"""`split(a, b, ...)`: feed the stream to several modules, one open branch each."""

from __future__ import annotations

from typing import ClassVar, final

from attrs import frozen

from flodl_graph.ir.node import Effect
from flodl_graph.words.single import AbstractSingle


@final
@frozen(kw_only=True)
class Branch(AbstractSingle):
    """One branch of a split: `m(stream)`, beside the others."""

    word: ClassVar[str] = "split"
    effect: ClassVar[Effect] = "branch"
