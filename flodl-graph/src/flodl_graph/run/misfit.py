"""Where a call went wrong, and what was given there: an error of torch's in the words of the graph."""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from types import FrameType
from typing import Any, final

from attrs import frozen
from flodl_core import ShapeError
from torch import Tensor, nn

from flodl_graph.ir.node import AbstractNode
from flodl_graph.run.lines import loaded_line
from flodl_graph.run.made_for import one_size, other_size
from flodl_graph.run.shapes import Letters


@final
@frozen(eq=False)
class Place:
    """Where a call went wrong.

    Args:
        node: The innermost node of a graph.
        part: Its module, or the layer of torch's inside it that ran last.
        path: Where that is below the node, with its dot.
        joins: Whether the module was through: what the word makes of its output went wrong.
        values: What the node read.
        given: What the module was given.
    """

    node: AbstractNode
    part: nn.Module
    path: str
    joins: bool
    values: tuple[Any, ...]
    given: tuple[Any, ...]


def place_of(error: Exception) -> Place | None:
    """The innermost node that an error went through, and the layer inside it; None if it went through none."""
    frames = [(frame, number) for frame, number in traceback.walk_tb(error.__traceback__)]
    for index in reversed(range(len(frames))):
        frame, number = frames[index]
        line = loaded_line(frame.f_code.co_filename, number)
        if line is not None and line.node is not None:
            part = frame.f_locals["self"]._modules.get(line.node.name)
            if part is None:  # somebody took it out
                return None
            values = tuple(frame.f_locals.get(variable) for variable in line.reads)
            return _inside(line.node, part, values, [inner for inner, _ in frames[index + 1 :]])
    return None


def misfit_at(place: Place, error: Exception, letters: Letters) -> ShapeError:
    """What torch said, of a node: its name, its module, what it was given, the user's line."""
    shapes = _shapes(place.given, letters)
    what = f"{_subject(place)} does not fit {shapes}: {said(error, letters)}"
    return ShapeError(what, where=place.node.where, mend=getattr(error, "mend", None) or _mend(place, letters))


def _mend(place: Place, letters: Letters) -> str | None:
    if place.joins:
        return "what it makes joins the stream: give it the stream's shape"
    if place.node.effect == "join":
        return one_size(place.given, letters)
    return other_size(place.part, place.given, letters)


def said(error: Exception, letters: Letters) -> str:
    """The first line of an error, with letters for sizes."""
    text = error.what if isinstance(error, ShapeError) else str(error)
    return letters.written(next(iter(text.strip().splitlines()), type(error).__name__))


def _inside(node: AbstractNode, part: nn.Module, values: tuple[Any, ...], frames: Iterable[FrameType]) -> Place:
    """The place in a node's own module, or in the last layer of torch's inside it that ran."""
    paths = {id(module): path for path, module in part.named_modules()}
    running = [frame for frame in frames if id(frame.f_locals.get("self")) in paths]
    for frame in reversed(running):
        layer = frame.f_locals["self"]
        path = paths[id(layer)]
        if path and type(layer).__module__.startswith("torch.nn.") and frame.f_code.co_name == "forward":
            return Place(node, layer, f".{path}", False, values, _arguments(frame))
    return Place(node, part, "", not running, values, values)


def _arguments(frame: FrameType) -> tuple[Any, ...]:
    """What a layer was given; none of torch's binds its arguments anew before it has used them."""
    names = frame.f_code.co_varnames[1 : frame.f_code.co_argcount + frame.f_code.co_kwonlyargcount]
    return tuple(frame.f_locals.get(name) for name in names)


def _subject(place: Place) -> str:
    node, written = place.node, repr(place.part)
    what = written if "\n" not in written else f"a {type(place.part).__name__}"
    if place.joins:
        what = node.expression(what, ("x",) * len(node.streams))
    return f"{node.name}{place.path}, {what},"


def _shapes(values: Iterable[Any], letters: Letters) -> str:
    shapes = [f"[{letters.sizes_text(value.shape)}]" for value in values if isinstance(value, Tensor)]
    return " and ".join(shapes) or "what it is given"
