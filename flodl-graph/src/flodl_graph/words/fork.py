"""`fork(m)`: a side branch; the stream goes on as if it were not there."""

from __future__ import annotations

from typing import ClassVar, final

from attrs import frozen

from flodl_graph.ir.node import Effect
from flodl_graph.words.single import AbstractSingle


@final
@frozen(kw_only=True)
class Fork(AbstractSingle):
    """`m(stream)`, beside the stream; the tag that must follow names it."""

    word: ClassVar[str] = "fork"
    effect: ClassVar[Effect] = "side"
