"""From the frozen graph and its live parts to boxes and edges, not yet placed.

What a box looks like is the node's own `sketch`; no word is known here. A part that is a graph
itself is unfolded as one, wherever it stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias, final, get_args

from attrs import define, field, frozen
from torch import nn

from flodl_graph.ir.graph import GraphIR
from flodl_graph.ir.node import AbstractNode, Value
from flodl_graph.ir.sketch import Manner, Shape, Sketch, Tone
from flodl_graph.render.described import described, weight_of
from flodl_graph.render.drawing import Box, Edge

Taps: TypeAlias = tuple[tuple[str, Value], ...]
"""Which further outputs are used, and as what value."""


@final
@frozen
class Known:
    """What is known beyond the graph itself, by dotted path.

    Args:
        shapes: What comes out of a node or an input: `"f32[B,16]"`.
        heat: From 0 to 1.
        notes: Lines about a node.
        depth: How many levels are unfolded; None: all.
    """

    shapes: Mapping[str, str] = field(factory=dict)
    heat: Mapping[str, float] = field(factory=dict)
    notes: Mapping[str, tuple[str, ...]] = field(factory=dict)
    depth: int | None = None


def compose(root: nn.Module, ir: GraphIR, known: Known) -> Box:
    """A whole graph as a frame without a frame's line: inputs on top, the output below."""
    top = Box("", "frame", title=ir.label or "", framed=False, weight=weight_of(root))
    _Level(known, root, "", 0).graph(top, root, ir, (), ends=True)
    return top


@final
@define
class _Level:
    """One frame being filled.

    Args:
        root: The graph that is drawn as a whole; paths are below it.
        prefix: Of the paths inside this frame, with its dot.
        depth: How many frames are around it.
    """

    known: Known
    root: nn.Module
    prefix: str
    depth: int

    @property
    def unfolds(self) -> bool:
        return self.known.depth is None or self.depth < self.known.depth

    def graph(self, frame: Box, part: nn.Module, ir: GraphIR, taps: Taps, *, ends: bool) -> None:
        """Fill a frame with the nodes of a graph.

        Args:
            taps: Which of its tags are read outside.
            ends: Whether inputs and output are drawn as boxes, rather than as points on the frame.
        """
        tags = _tags(ir)
        sources: dict[Value, tuple[Box, str]] = {}
        for name in ir.inputs:
            box = self._input(name, tags.get(name, ()), first=name == ir.inputs[0], ends=ends)
            frame.boxes.append(box)
            sources[name] = (box, "")
        for node in ir.nodes:
            box = self.node(node, getattr(part, node.name), tags)
            frame.boxes.append(box)
            sources[node.name] = (box, "")
            sources.update({value: (box, value) for _, value in node.taps})
        for node in ir.nodes:
            frame.edges += self._reads(node, sources, ir)
        tagged = dict(ir.tags)
        for port, value in taps:
            leave = Box(frame.path, "exit", title=value)
            frame.boxes.append(leave)
            frame.edges.append(self._edge(sources, tagged[port], leave, "reference"))
        output = Box(frame.path, "output" if ends else "exit", title="output" if ends else "")
        frame.boxes.append(output)
        frame.edges.append(self._edge(sources, ir.output, output))

    def node(self, node: AbstractNode, part: Any, tags: Mapping[Value, tuple[str, ...]]) -> Box:
        """A node of a graph, unfolded as far as asked."""
        names = tuple(tag for tag in tags.get(node.name, ()) if tag != node.name)
        joined = set(node.streams[1:])
        slots = tuple(word for word, value in node.refs if value not in joined)
        box = self._part(self.prefix + node.name, node.name, node.sketch(part), part, slots, node.taps)
        box.tags, box.side = names, node.effect == "side"
        return box

    def _part(self, path: str, title: str, sketch: Sketch, part: nn.Module, slots: tuple[str, ...], taps: Taps) -> Box:
        """A module: a graph as its nodes, a sketch with something inside as that, anything else as one box."""
        graph = _graph_in(part) if not sketch.inner else None
        has_inside = graph is not None or bool(sketch.inner)
        unfolded = has_inside and (self.unfolds or not sketch.framed)
        box = Box(
            path,
            "frame" if unfolded else "node",
            title=title,
            text=sketch.text if unfolded or has_inside else described(part, sketch.text),
            shape=_known(sketch.shape, Shape, "box"),
            tone=_known(sketch.tone, Tone, "plain"),
            weight=weight_of(part),
            folded=has_inside and not unfolded,
            framed=sketch.framed,
            slots=slots,
            taps=tuple(value for _, value in taps),
            shapes=self.known.shapes.get(path, ""),
            notes=self.known.notes.get(path, ()),
            heat=self.known.heat.get(path),
        )
        if unfolded and graph is not None:
            _Level(self.known, self.root, path + ".", self.depth + 1).graph(box, part, graph, taps, ends=False)
        elif unfolded:
            _Level(self.known, self.root, path + ".", self.depth + sketch.framed).sketched(box, sketch, part, taps)
        return box

    def sketched(self, frame: Box, sketch: Sketch, part: nn.Module, taps: Taps) -> None:
        """Fill a frame with what a node says is inside it."""
        outside, output = Box(frame.path, "port"), Box(frame.path, "exit")
        ports = {slot: Box(frame.path, "port", title=slot) for slot in frame.slots}
        leaves = {tap: Box(frame.path, "exit", title=tap) for tap in frame.taps}
        inner = {item.name: self._inner(frame, item, part, taps) for item in sketch.inner}
        frame.boxes += [outside, *ports.values(), *inner.values(), *leaves.values(), output]
        if not sketch.links:
            frame.edges += [Edge(outside, box) for box in inner.values()]
            frame.edges += [Edge(box, output) for box in inner.values()]
        for link in sketch.links:
            source = inner[link.source] if link.source else outside
            manner = _known(link.manner, Manner, "stream")
            frame.edges.append(Edge(source, inner[link.target] if link.target else output, manner))
        for item in sketch.inner:
            if item.addressed:
                box = inner[item.name]
                frame.edges += [Edge(port, box, "reference", slot=slot) for slot, port in ports.items()]
                for tap, leave in leaves.items():
                    frame.edges.append(Edge(box, leave, "reference", tap=tap if tap in box.taps else ""))

    def _inner(self, frame: Box, sketch: Sketch, part: nn.Module, taps: Taps) -> Box:
        module = _below(part, sketch.name)
        if module is None:
            shape, tone = _known(sketch.shape, Shape, "box"), _known(sketch.tone, Tone, "plain")
            return Box(frame.path, "node", text=sketch.text, shape=shape, tone=tone)
        path, title = (frame.path, frame.title) if sketch.name == "." else (self.prefix + sketch.name, sketch.name)
        slots = frame.slots if sketch.addressed else ()
        if _graph_in(module) is not None:
            taps = ()  # what leaves is made around it
        return self._part(path, title, sketch, module, slots, taps if sketch.addressed else ())

    def _input(self, name: str, tags: tuple[str, ...], *, first: bool, ends: bool) -> Box:
        path = self.prefix + name
        if not ends:
            return Box(path, "port", title="" if first else name)
        names = tuple(tag for tag in tags if tag != name)
        return Box(path, "input", title=name, tags=names, shapes=self.known.shapes.get(path, ""))

    def _reads(self, node: AbstractNode, sources: Mapping[Value, tuple[Box, str]], ir: GraphIR) -> Iterator[Edge]:
        """The edges into a node: streams, references, and what the call before left."""
        target, _ = sources[node.name]
        carried = {carry.before: carry.value for carry in ir.carries}
        for value in node.streams:
            yield self._edge(sources, carried.get(value, value), target, "state" if value in carried else "stream")
        for word, value in node.refs:
            kind: Any = "state" if value in carried else "reference"
            yield self._edge(sources, carried.get(value, value), target, kind, word)

    def _edge(
        self, sources: Mapping[Value, tuple[Box, str]], value: Value, target: Box, kind: Any = "stream", slot: str = ""
    ) -> Edge:
        source, tap = sources[value]
        path = self.prefix + value
        return Edge(source, target, kind, slot, tap, path, self.known.shapes.get(path, ""))


def _tags(ir: GraphIR) -> dict[Value, tuple[str, ...]]:
    tags: dict[Value, tuple[str, ...]] = {}
    for tag, value in ir.tags:
        tags[value] = (*tags.get(value, ()), tag)
    return tags


def _graph_in(part: nn.Module) -> GraphIR | None:
    """What a part is made of, if it is a graph."""
    ir = getattr(part, "ir", None)
    return ir if isinstance(ir, GraphIR) else None


def _known(said: Any, words: Any, otherwise: Any) -> Any:
    """A word that every renderer understands; what a sketch says beyond these is drawn plainly."""
    return said if said in get_args(words) else otherwise


def _below(part: nn.Module, name: str) -> nn.Module | None:
    """The module of an inner part, if it is one."""
    if name == ".":
        return part
    try:
        return part.get_submodule(name)
    except (AttributeError, TypeError):
        return None
