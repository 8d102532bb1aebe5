"""IR as straight-line Python: what `print(graph.code)` shows is what runs."""

from __future__ import annotations

import weakref
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import count
from types import FunctionType
from typing import Any

from flodl_graph.ir.graph import Carry, GraphIR
from flodl_graph.ir.node import AbstractNode, Value
from flodl_graph.run import offered
from flodl_graph.run.lines import Line, forget, remember
from flodl_graph.run.variables import Variables, allot

_INDENT = "    "
_COMMENT_COLUMN = 72  # lines longer than this carry their place after two spaces
_serial = count(1)

OWN_NAMES = frozenset({"flodl", "flodl_watch", "self", "wanted", "_"})
"""Names that a forward needs for itself."""


def source(ir: GraphIR, observed: Collection[str] = (), exposed: Collection[str] = ()) -> str:
    """The forward of a graph: one line per node, the user's file and line beside it.

    Args:
        observed: Tags whose values stay readable after the call.
        exposed: Tags that a caller may ask for, by `wanted=("hidden",)`, besides the stream.
    """
    return _text(_lines(ir, observed, exposed))


def load(
    ir: GraphIR, observed: Collection[str], exposed: Collection[str] = (), *, watch: object = None
) -> FunctionType:
    """Compile a forward; its text goes into `linecache`, so that tracebacks show its lines.

    Args:
        watch: Is told before and after every node: see `flodl_graph.run.watch`.
    """
    lines = list(_lines(ir, observed, exposed, watched=watch is not None))
    text, file = _text(lines), f"<flodl graph {ir.label or 'unlabelled'} {next(_serial)}>"
    remember(file, text, lines)
    scope: dict[str, Any] = {"flodl": offered, "flodl_watch": watch}
    exec(compile(text, file, "exec"), scope)  # noqa: S102 - made of checked identifiers
    forward: FunctionType = scope["forward"]
    forward.__module__ = __name__
    weakref.finalize(forward, forget, file)
    return forward


def _text(lines: Iterable[Line]) -> str:
    return "\n".join(line.text for line in lines) + "\n"


def _lines(
    ir: GraphIR, observed: Collection[str], exposed: Collection[str], *, watched: bool = False
) -> Iterator[Line]:
    wanted = ["*", "wanted=()"] if exposed else []
    yield Line(f"def forward({', '.join(['self', *ir.inputs, *wanted])}):")
    indent = _INDENT
    if ir.carries:
        yield Line(f"{_INDENT}with flodl.alone(self):")
        indent += _INDENT
    for line in _body(ir, observed, exposed, watched=watched):
        yield Line(indent + line.text, line.node, line.reads)


def _body(ir: GraphIR, observed: Collection[str], exposed: Collection[str], *, watched: bool) -> Iterator[Line]:
    kept = {tag: value for tag, value in ir.tags if tag in observed}
    further = {tag: value for tag, value in ir.tags if tag in exposed}
    variables = allot(ir, {*kept.values(), *further.values()})
    for carry in ir.carries:
        yield Line(_read(carry, ir))
    lines = [(_line(node, variables), node) for node in ir.nodes]
    width = max((len(line) for line, _ in lines if len(line) <= _COMMENT_COLUMN), default=0)
    for text, node in lines:
        reads = tuple(variables.names[value] for value in node.reads)
        if watched:
            yield Line(f"flodl_watch.enter({node.name!r}, [{', '.join(reads)}])")
        yield Line(f"{text:<{width}}  # {node.where.short}", node, reads)
        if watched:
            made = ", ".join(f"{value!r}: {variables.names[value]}" for value in node.writes)
            yield Line(f"flodl_watch.leave({node.name!r}, {{{made}}})")
        if ended := variables.ended.get(node.name):
            yield Line(f"del {', '.join(ended)}")
    for tag, value in {carry.tag: carry.value for carry in ir.carries}.items():
        yield Line(f"self.carried[{tag!r}] = {variables.names[value]}")
    if kept:
        yield Line(f"flodl.keep(self, {_named(kept, variables)})")
    output = variables.names[ir.output]
    yield Line(
        f"return flodl.chosen(wanted, {output}, {_named(further, variables)})" if further else f"return {output}"
    )


def _named(values: Mapping[str, Value], variables: Variables) -> str:
    return ", ".join(f"{tag}={variables.names[value]}" for tag, value in values.items())


def _read(carry: Carry, ir: GraphIR) -> str:
    """The line that reads what the call before left; at first there is None, or zeros where a reader needs a tensor."""
    absent = f"flodl.zeros(self, {carry.tag!r}, {', '.join(ir.inputs)})"
    default = f"; {carry.before} = {absent} if {carry.before} is None else {carry.before}" if carry.zeros else ""
    return f"{carry.before} = self.carried.get({carry.tag!r}){default}"


def _line(node: AbstractNode, variables: Variables) -> str:
    """`x = self.linear_1(x)`, in its forms."""
    streams = tuple(variables.names[value] for value in node.streams)
    call = f"self.{node.name}({', '.join([*streams, *_keywords(node, variables)])})"
    target = variables.names[node.name]
    if not node.taps:
        first = "[0]" if node.results and not node.on_demand else ""
        return f"{target} = {node.expression(call + first, streams)}"
    taps = {port: variables.names[value] for port, value in node.taps}
    further = list(taps.values()) if node.on_demand else [taps.get(port, "_") for port in node.results[1:]]
    made = node.expression(variables.spare, streams)
    if made == variables.spare:
        return f"{', '.join([target, *further])} = {call}"
    first = variables.spare
    return f"{', '.join([first, *further])} = {call}; {target} = {made}; del {first}"


def _keywords(node: AbstractNode, variables: Variables) -> Iterator[str]:
    for word in dict.fromkeys(word for word, _ in node.refs):
        values = [variables.names[value] for other, value in node.refs if other == word]
        said = f"{word}={values[0]}" if len(values) == 1 else f"{word}=({', '.join(values)})"
        yield f"**flodl.given({said})" if word in node.omitted else said
    if node.taps and node.on_demand:
        yield f"wanted={tuple(port for port, _ in node.taps)!r}"
