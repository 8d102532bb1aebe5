"""`Graph`: the module that users hold. What it can do stands in `abilities`, by area."""

from __future__ import annotations

from collections.abc import Mapping
from threading import RLock
from types import FunctionType
from typing import Any

import torch
from torch import Tensor, nn

from flodl_graph.abilities.calling import AbstractCalled, own_call
from flodl_graph.abilities.drawing import AbstractDrawn
from flodl_graph.abilities.observing import AbstractObserved
from flodl_graph.abilities.profiling import AbstractProfiled
from flodl_graph.abilities.saving import AbstractSaved
from flodl_graph.abilities.tree import AbstractTree
from flodl_graph.ir.checks import unfit_inputs
from flodl_graph.ir.graph import GraphIR
from flodl_graph.ir.node import Part
from flodl_graph.ir.structure import digest, structure
from flodl_graph.observe.kept import check_tag
from flodl_graph.observe.recorder import Recorder
from flodl_graph.part import as_module, taken_by_name
from flodl_graph.run.check import check_shapes
from flodl_graph.run.noted import Shapes
from flodl_graph.run.source import load, source
from flodl_graph.run.watch import watched
from flodl_graph.text.toml import write_toml
from flodl_graph.tree.description import descriptions


class Graph(AbstractCalled, AbstractTree, AbstractObserved, AbstractProfiled, AbstractSaved, AbstractDrawn):
    """A network made of named parts, as a `FlowBuilder` builds it.

    An ordinary `torch.nn.Module`: each node's module is a submodule under the node's name, and
    `forward` is generated Python (`print(graph.code)`) that calls them one after the other.

    Args:
        ir: What the graph is.
        parts: Node name to live module; a plain function is wrapped.
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Graph:
        """Make the instance of a class of its own, since each graph has its own forward.

        A forward stored on the instance would tie it into a reference cycle, and its memory on the
        GPU would wait for the garbage collector.
        """
        name = {"__module__": cls.__module__, "__qualname__": cls.__qualname__}
        own = type(cls.__name__, (cls,), {**name, "__call__": own_call(cls)})
        graph: Graph = super().__new__(own)
        return graph

    def __init__(self, ir: GraphIR, parts: Mapping[str, Part]) -> None:
        super().__init__()
        self.ir = ir
        self.epoch = 0
        self._recorder = Recorder()
        self.carried, self.kept = {}, {}
        self._caller_lock = RLock()
        self._shapes = {}
        self._observed, self._exposed = tuple(tag for tag, _ in ir.tags), ()
        for name, part in parts.items():
            self.add_module(name, as_module(part))
        self._regenerate()

    @property
    def label(self) -> str | None:
        """The graph's own name; its path inside another graph."""
        return self.ir.label

    @property
    def code(self) -> str:
        """The Python that runs: one line per node, with the line of yours that asked for it."""
        return source(self.ir, self._observed, self._exposed)

    @property
    def ports(self) -> tuple[str, ...]:
        """What it can give besides the stream where it is part of another graph: its tags that are not internal."""
        hidden = self.ir.internal
        return tuple(tag for tag, value in self.ir.tags if value not in self.ir.inputs and tag not in hidden)

    def expose(self, *tags: str) -> None:
        """Take `wanted=("hidden",)` from now on, and return these tagged values behind the output.

        A graph that is built around this one asks for it by itself: `.through(encoder).tag(hidden="h")`.

        Raises:
            PathError: There is no such tag.
        """
        for tag in tags:
            check_tag(self.ir, tag)
        self._exposed = tuple(dict.fromkeys((*self._exposed, *tags)))
        self._regenerate()

    def to_toml(self) -> str:
        """The words that made this graph, as TOML that `FlowBuilder.from_toml` reads.

        Raises:
            BuildError: A word was given a live object, which no text can make; with its line.
        """
        return write_toml(self.ir.flow)

    @property
    def structure(self) -> str:
        """What the graph is, names aside: one line per node, with its module's class, configuration and shapes."""
        parts = self._parts()
        keywords = {node.name: taken_by_name(node.addressed(parts[node.name])) for node in self.ir.nodes}
        return structure(self.ir, descriptions(parts), keywords)

    @property
    def hash(self) -> str:
        """SHA-256 of the structure, 64 hexadecimal digits: equal for graphs that differ in names and values alone."""
        return digest(self.structure)

    def check(self, *examples: str | Tensor, **named: str | Tensor | None) -> str | None:
        """Run shapes through without computing anything: `graph.check("f32[B,2]", text="i64[B,T]")`.

        Inputs that are left out are unknown: everything is checked that does not need them.

        Returns:
            The output's shape, as `"f32[B,10]"`; None where it depends on data, or on inputs left out.

        Raises:
            ShapeError: At the first node where they do not fit: its name, your line, the shapes.
        """
        given = {*self.ir.inputs[: len(examples)], *named}
        named = {**named, **dict.fromkeys(name for name in self.ir.inputs if name not in given)}
        if (unfit := unfit_inputs(self.ir.inputs, len(examples), named)) is not None:
            raise unfit
        parameter = next(self.parameters(), None)
        device = torch.device("cpu") if parameter is None else parameter.device
        shapes = Shapes()
        with self._untouched(), watched(self._family(), shapes):
            made = check_shapes(self, examples, named, device, shapes.letters)
        self._shapes = {**shapes.of_inputs(self.ir.inputs, examples, named), **shapes.noted}
        return made

    def _regenerate(self) -> None:
        forward: FunctionType = load(self.ir, self._observed, self._exposed)
        type(self).forward = forward

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return _bare, (), self.__getstate__()

    def __getstate__(self) -> dict[str, Any]:
        own = {name: value for name, value in self.__dict__.items() if name not in _NOT_COPIED}
        return {**own, "carried": {}, "kept": {}}  # a run's own; tensors with history cannot be copied

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # type: ignore[no-untyped-call]
        self._caller_lock = RLock()
        self._regenerate()


def _bare() -> Graph:
    """A graph to be filled by `__setstate__`: copies and pickles get a class of their own too."""
    return Graph.__new__(Graph)


_NOT_COPIED = {"_caller_lock", "_compiled_call_impl"}  # what a thread holds, and what compile() made

_OWN = {"ir", "epoch", "carried", "kept", "_recorder", "_observed", "_exposed", "_caller_lock", "_shapes"}

RESERVED = frozenset({*dir(Graph), *vars(nn.Module()), *_OWN})
"""Names that no tag, label or input may take: what every module has, what a graph offers, and what it keeps."""
