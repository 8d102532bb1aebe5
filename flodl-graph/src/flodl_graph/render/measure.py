"""How large a box is: its lines of text, and the room that references and further outputs need."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Literal, final

from attrs import frozen

from flodl_graph.render.described import counted
from flodl_graph.render.drawing import Box
from flodl_graph.render.letters import shortened, text_width

SIZES = {"title": 12.5, "text": 11.0, "fact": 10.0, "label": 9.5}  # of letters, in pixels
_LEADING = {"title": 16.0, "text": 14.0, "fact": 13.0}
LABEL_ROW = 13.0  # what a row of names of references or outputs takes
PADDING = 13.0  # between the text and the side of a box
_VERTICAL = 8.0
_SLOT = 14.0  # from the stream to the first reference
_NARROWEST = 64.0
_MOST = 40  # characters of a name
_SYMBOL = 26.0


@final
@frozen
class Line:
    """A line of text in a box, and what sort of line."""

    sort: Literal["title", "text", "fact"]
    text: str

    @property
    def height(self) -> float:
        """From one line to the next."""
        return _LEADING[self.sort]

    @property
    def width(self) -> float:
        """As estimated."""
        return text_width(self.text, SIZES[self.sort], bold=self.sort == "title")


def lines(box: Box) -> tuple[Line, ...]:
    """What a box says."""
    return tuple(_lines(box))


def measure(box: Box) -> None:
    """Set the size of a box that holds no other."""
    if box.role in ("port", "exit"):
        box.width = box.height = box.anchor = 0.0
        return
    said = lines(box)
    if box.shape == "circle" and not box.title:
        box.width = box.height = max(_SYMBOL, said[0].width + 12 if said else 0)
        box.anchor = box.width / 2
        return
    text = max((line.width for line in said), default=0.0) + 2 * PADDING + 2 * slant(box)
    box.width = ceil(max(text, _NARROWEST, 2 * _beside(box)) / 2) * 2.0
    rows = LABEL_ROW * (bool(box.slots) + bool(box.taps))
    box.height = sum(line.height for line in said) + 2 * _VERTICAL + rows
    if box.role in ("input", "output"):
        box.height -= _VERTICAL
    box.anchor = box.width / 2


def slant(box: Box) -> float:
    """How much of a shape's width, on each side, is no room for text."""
    return {"hexagon": 12.0, "trapezium": 10.0, "parallelogram": 12.0, "pill": 4.0}.get(box.shape, 0.0)


def slot_offsets(box: Box) -> list[float]:
    """Where references enter, from the anchor: on both sides of it, from left to right."""
    width = _slot_width(box.slots)
    left = [-_SLOT - width * (index + 0.5) for index in reversed(range(box.leftward))]
    return [*left, *(_SLOT + width * (index + 0.5) for index in range(len(box.slots) - box.leftward))]


def tap_offsets(box: Box) -> dict[str, float]:
    """Where further outputs leave, from the anchor, to its right."""
    width = _slot_width(box.taps)
    return {tap: _SLOT + width * (index + 0.5) for index, tap in enumerate(box.taps)}


def _beside(box: Box) -> float:
    """The room that is needed on one side of the anchor."""
    slots = _SLOT + _slot_width(box.slots) * ceil(len(box.slots) / 2) if box.slots else 0.0
    taps = max(tap_offsets(box).values()) + _slot_width(box.taps) / 2 if box.taps else 0.0
    shapes = text_width(box.shapes, SIZES["label"]) + 10 if box.shapes else 0.0
    return max(slots + 6 if slots else 0.0, taps + 6 if taps else 0.0, shapes) + slant(box) * bool(slots or taps)


def _slot_width(names: tuple[str, ...]) -> float:
    return max((text_width(shortened(name, _MOST), SIZES["label"]) + 10 for name in names), default=0.0)


def _lines(box: Box) -> Iterator[Line]:
    if box.title:
        yield Line("title", shortened(box.title, _MOST))
    if box.text and box.text != box.title:
        yield Line("text", box.text)
    if box.tags:
        yield Line("fact", shortened(" ".join(f"#{tag}" for tag in box.tags), _MOST))
    if box.weight.parameters and box.role in ("node", "frame"):
        yield Line("fact", _weighed(box))
    for note in box.notes:
        yield Line("fact", note)


def _weighed(box: Box) -> str:
    weight = box.weight
    noun = "parameter" if weight.parameters == 1 else "parameters"
    said = f"{counted(weight.parameters)} {noun}"
    if weight.frozen:
        return f"{said}, frozen"
    if weight.trainable < weight.parameters:
        return f"{said}, {counted(weight.parameters - weight.trainable)} frozen"
    return said
