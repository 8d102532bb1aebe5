"""IR as straight-line Python: what `print(graph.code)` shows is what runs."""

from __future__ import annotations

import linecache
from collections.abc import Callable, Collection, Iterator
from itertools import count
from types import FunctionType
from typing import Any

from flodl_graph.ir.graph import GraphIR
from flodl_graph.ir.node import AbstractNode, Value
from flodl_graph.run.variables import Variables, allot

_INDENT = "    "
_COMMENT_COLUMN = 72  # lines longer than this carry their place after two spaces
_serial = count(1)


def source(ir: GraphIR, kept: Collection[Value] = ()) -> str:
    """The forward of a graph: one line per node, the user's file and line beside it.

    Args:
        kept: Values that must live to the end of the call.
    """
    parameters = ", ".join(["self", *ir.inputs])
    return "\n".join([f"def forward({parameters}):", *(_INDENT + line for line in _body(ir, kept))]) + "\n"


def load(text: str, label: str) -> FunctionType:
    """Compile a forward; its text goes into `linecache`, so that tracebacks show its lines."""
    file = f"<flodl graph {label} {next(_serial)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    scope: dict[str, Any] = {}
    exec(compile(text, file, "exec"), scope)  # noqa: S102 - made of checked identifiers
    forward: FunctionType = scope["forward"]
    forward.__module__ = __name__
    return forward


def forget(forward: Callable[..., Any]) -> None:
    """Drop a forward's text from `linecache`."""
    linecache.cache.pop(forward.__code__.co_filename, None)


def _body(ir: GraphIR, kept: Collection[Value]) -> Iterator[str]:
    variables = allot(ir, kept)
    lines = [(_line(node, variables), node) for node in ir.nodes]
    width = max((len(line) for line, _ in lines if len(line) <= _COMMENT_COLUMN), default=0)
    for line, node in lines:
        yield f"{line:<{width}}  # {node.where.short}"
        if ended := variables.ended.get(node.name):
            yield f"del {', '.join(ended)}"
    yield f"return {variables.names[ir.output]}"


def _line(node: AbstractNode, variables: Variables) -> str:
    streams = tuple(variables.names[value] for value in node.streams)
    arguments = ", ".join([*streams, *(f"{word}={variables.names[value]}" for word, value in node.refs)])
    return f"{variables.names[node.name]} = {node.expression(f'self.{node.name}({arguments})', streams)}"
