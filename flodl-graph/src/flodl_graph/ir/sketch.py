"""How a node wishes to be drawn, in words that no renderer owns and every renderer understands."""

from __future__ import annotations

from typing import Literal, TypeAlias, final

from attrs import frozen

Shape: TypeAlias = Literal["box", "pill", "circle", "hexagon", "trapezium", "parallelogram", "stack"]
"""The outline of a box; each also names, or is translated to, a shape of Graphviz."""

Tone: TypeAlias = Literal["plain", "weights", "activation", "norm", "random", "join", "route", "loop", "map"]
"""What a node does, as far as its colour goes."""

Manner: TypeAlias = Literal["stream", "choice", "again"]
"""What runs along an arrow: the stream, a decision, or the stream going round once more."""


@final
@frozen
class Link:
    """An arrow between inner parts, by their names; `""` is the outside: the stream as it comes in, or goes out.

    Args:
        source: Where it begins.
        target: Where it ends.
        manner: What it carries, which is how it is drawn.
    """

    source: str
    target: str
    manner: Manner = "stream"


@final
@frozen
class Sketch:
    """What a node says of itself to whoever draws it.

    Args:
        text: What it is, in a word or two.
        shape: Its outline.
        tone: What it does, as far as its colour goes.
        inner: What can be unfolded inside it, with the stream's order from first to last.
        links: The arrows between the inner parts; none: each of them reads the stream and gives it out.
        name: Of an inner part: the path of its module below the node's, `"experts.0"`; what is no
            module has a name too, for links. `"."`: the node's own module.
        addressed: Whether it is the inner part that references go to.
        framed: Whether what is unfolded has a frame round it; without one it stands among its neighbours.
    """

    text: str
    shape: Shape = "box"
    tone: Tone = "plain"
    inner: tuple[Sketch, ...] = ()
    links: tuple[Link, ...] = ()
    name: str = ""
    addressed: bool = False
    framed: bool = True
