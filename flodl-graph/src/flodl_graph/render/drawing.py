"""A drawing as plain values: boxes that may hold boxes, and the edges between them."""

from __future__ import annotations

from typing import Literal, TypeAlias, final

from attrs import define, field, frozen

from flodl_graph.ir.sketch import Manner, Shape, Tone

Role: TypeAlias = Literal["node", "frame", "input", "output", "port", "exit"]
"""What a box is: a node, boxes in a frame, an end of the graph, or a point where a frame is entered or left."""

Kind: TypeAlias = "Manner | Literal['reference', 'state']"
"""What runs along an edge: the stream, a decision, another turn, a tagged value, or what the call before left."""


@final
@frozen
class Weight:
    """How many parameters a part has, and how many of them train."""

    parameters: int = 0
    trainable: int = 0

    @property
    def frozen(self) -> bool:
        """Whether it has parameters, and none trains."""
        return self.parameters > 0 and self.trainable == 0


@final
@define(eq=False)
class Box:
    """Something drawn: a node, a frame with boxes inside, or a point on a frame.

    Args:
        path: Dotted path of what it shows, below the graph that is drawn.
        role: What it is.
        title: Its name.
        text: What it is, in a word or two.
        tags: Further names of what it makes.
        slots: Names of the references that go in, besides the stream.
        leftward: How many of them go in on the left of the stream, once placed.
        taps: Names of further outputs that go on.
        boxes: What is inside a frame; its ports are among them, inputs first, outputs last.
        edges: Between the boxes inside.
        folded: Whether there is more inside than is drawn.
        framed: Whether what is inside has a frame round it.
        side: Whether it stands beside the stream rather than in it.
        shapes: What comes out, `"f32[B,16]"`, where known.
        notes: Further lines, such as times.
        heat: From 0 to 1, where measured.
        x: Of the left side, y: of the top, in pixels from the drawing's corner, once placed.
        anchor: Where the stream comes in and goes out, from the left side.
    """

    path: str
    role: Role
    title: str = ""
    text: str = ""
    shape: Shape = "box"
    tone: Tone = "plain"
    tags: tuple[str, ...] = ()
    slots: tuple[str, ...] = ()
    leftward: int = 0
    taps: tuple[str, ...] = ()
    weight: Weight = Weight()
    boxes: list[Box] = field(factory=list)
    edges: list[Edge] = field(factory=list)
    folded: bool = False
    framed: bool = True
    side: bool = False
    shapes: str = ""
    notes: tuple[str, ...] = ()
    heat: float | None = None
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0
    anchor: float = 0.0

    @property
    def center(self) -> float:
        """Where the stream goes in and out."""
        return self.x + self.anchor

    @property
    def bottom(self) -> float:
        """The lower side."""
        return self.y + self.height


@final
@define(eq=False)
class Edge:
    """An arrow between two boxes of one level.

    Args:
        slot: The reference that it goes to; empty: the stream.
        tap: The further output that it comes from; empty: the stream.
        value: Dotted path of the value that runs along it.
        shapes: Of that value, where known.
        points: The cubic Bezier curve that it is drawn as: a start, then two controls and an end, again and again.
    """

    source: Box
    target: Box
    kind: Kind = "stream"
    slot: str = ""
    tap: str = ""
    value: str = ""
    shapes: str = ""
    points: list[tuple[float, float]] = field(factory=list)
