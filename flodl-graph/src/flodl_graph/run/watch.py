"""Watching a graph from inside: its forward is made anew with a call before and after every node, and back again.

Nothing is paid while nobody watches. What is inside a word, such as the experts of a gate, is no
node and is watched by hooks for as long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol, TypeAlias

from torch import nn
from torch.utils import _pytree as pytree

from flodl_graph.ir.graph import GraphIR
from flodl_graph.run.source import load


class Watch(Protocol):
    """What is told of every call of a node, or of a module inside one."""

    def enter(self, path: str, read: Iterable[Any]) -> None:
        """It is about to be called with these values."""
        ...

    def leave(self, path: str, made: Mapping[str, Any]) -> None:
        """It was called; what it made, by the path of each value."""
        ...


class Watchable(Protocol):
    """A graph, as far as its forward goes."""

    ir: GraphIR
    _observed: tuple[str, ...]
    _exposed: tuple[str, ...]

    def _regenerate(self) -> None: ...


Family: TypeAlias = Iterable[tuple[str, Watchable]]
"""Graphs, each with the prefix of its dotted names."""


@contextmanager
def watched(family: Family, watch: Watch) -> Iterator[None]:
    """A block in which every call of a node in these graphs, and of a module inside a word, is told."""
    with ExitStack() as stack:
        for prefix, graph in list(family):
            stack.callback(graph._regenerate)
            type(graph).forward = load(  # type: ignore[attr-defined]
                graph.ir, graph._observed, graph._exposed, watch=_Prefixed(prefix, watch)
            )
            for path, module in _inner(prefix, graph):
                _hook(stack, path, module, watch)
        yield


class _Prefixed:
    """A watch as the nodes of one graph see it: they know their names, not their paths."""

    def __init__(self, prefix: str, watch: Watch) -> None:
        self._prefix, self._watch = prefix, watch

    def enter(self, name: str, read: Iterable[Any]) -> None:
        self._watch.enter(self._prefix + name, read)

    def leave(self, name: str, made: Mapping[str, Any]) -> None:
        self._watch.leave(self._prefix + name, {self._prefix + value: item for value, item in made.items()})


def _inner(prefix: str, graph: Any) -> Iterator[tuple[str, nn.Module]]:
    """The modules that words hold, by what their nodes say is inside them."""
    for node in graph.ir.nodes:
        part = getattr(graph, node.name)
        modules = dict(part.named_modules())
        for inner in node.sketch(part).inner:
            if inner.name in modules:
                yield f"{prefix}{node.name}.{inner.name}", modules[inner.name]


def _hook(stack: ExitStack, path: str, module: nn.Module, watch: Watch) -> None:
    def before(module: nn.Module, args: Any, kwargs: Any) -> None:
        watch.enter(path, pytree.tree_leaves((args, kwargs)))

    def after(module: nn.Module, args: Any, kwargs: Any, made: Any) -> None:
        watch.leave(path, {path: made})

    first: Callable[[], None] = module.register_forward_pre_hook(before, with_kwargs=True).remove
    last: Callable[[], None] = module.register_forward_hook(after, with_kwargs=True, prepend=True).remove
    stack.callback(first)
    stack.callback(last)
