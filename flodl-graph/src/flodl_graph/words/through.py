"""`through(m)`: pass the stream on through one module."""

from __future__ import annotations

from typing import ClassVar, final

from attrs import frozen

from flodl_graph.words.single import AbstractSingle


@final
@frozen(kw_only=True)
class Through(AbstractSingle):
    """The stream becomes `m(stream)`."""

    word: ClassVar[str] = "through"
