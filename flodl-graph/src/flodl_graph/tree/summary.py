"""The tree of graphs, and where the parameters are, as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import final

from attrs import frozen
from flodl_core.sizes import in_bytes
from torch import nn

from flodl_graph.ir.graph import GraphIR


@final
@frozen
class Member:
    """One graph of a tree.

    Args:
        module: The live graph.
        ir: What it is.
        hash: Of its structure.
    """

    module: nn.Module
    ir: GraphIR
    hash: str


def tree_summary(members: Mapping[str, Member]) -> str:
    """Every graph under the one it is in, with its tags and parameters.

    Args:
        members: Path to graph, the root under `""`, each after the one that holds it.
    """
    rows = [("Graph tree", "parameters", "size", "training"), *_rows(members, "", "", "")]
    return _table(rows)


def param_summary(members: Mapping[str, Member]) -> str:
    """What each graph right under the root has of the parameters, what the root has of its own, and all."""
    root = members[""].module
    seen: set[int] = set()
    parts = [(path, _fresh(members[path].module.parameters(), seen)) for path in _children(members, "")]
    parts.append(("(own)", _fresh(root.parameters(), seen)))
    total = sum(_elements(own) for _, own in parts)
    rows = [(name, *_figures(own)[:2], _share(own, total), _figures(own)[2]) for name, own in parts if own]
    every = list(root.parameters())
    head, last = ("Parameters", "count", "size", "share", "training"), ("total", *_figures(every)[:2], "", "")
    return _table([head, *rows, (*last[:4], _figures(every)[2])])


def _rows(members: Mapping[str, Member], path: str, lead: str, below: str) -> Iterator[tuple[str, ...]]:
    """A graph's line, its tags, and the lines of the graphs in it, drawn as a tree."""
    member = members[path]
    parent = _parent(members, path)
    name = path.removeprefix(f"{parent}.") if parent else path
    children = _children(members, path)
    yield (f"{lead}{name or member.ir.label or '(root)'} [{member.hash[:8]}]", *_figures(member.module.parameters()))
    hidden = member.ir.internal if path else ()
    if tags := [tag for tag, _ in member.ir.tags if tag not in hidden]:
        yield (f"{below}{'|' if children else ' '}   tags: {', '.join(tags)}", "", "", "")
    for child in children:
        yield from _rows(members, child, f"{below}+-- ", below + ("    " if child == children[-1] else "|   "))


def _children(members: Mapping[str, Member], path: str) -> list[str]:
    return [other for other in members if other and _parent(members, other) == path]


def _parent(members: Mapping[str, Member], path: str) -> str:
    """The innermost graph around another, through whatever words."""
    around = [other for other in members if path.startswith(f"{other}.") and other]
    return max(around, key=len, default="")


def _figures(parameters: Iterable[nn.Parameter]) -> tuple[str, str, str]:
    """Elements, bytes, and how many of the elements train."""
    own = list(parameters)
    elements, trained = _elements(own), _elements(p for p in own if p.requires_grad)
    training = "-" if not own else "all" if trained == elements else f"{trained:,}" if trained else "frozen"
    return f"{elements:,}", in_bytes(sum(p.numel() * p.element_size() for p in own)), training


def _fresh(parameters: Iterable[nn.Parameter], seen: set[int]) -> list[nn.Parameter]:
    """Those not yet counted: shared ones belong to the part that has them first."""
    fresh = [p for p in parameters if id(p) not in seen]
    seen |= {id(p) for p in fresh}
    return fresh


def _elements(parameters: Iterable[nn.Parameter]) -> int:
    return sum(p.numel() for p in parameters)


def _share(own: Sequence[nn.Parameter], total: int) -> str:
    return f"{_elements(own) / total:.1%}" if total else "-"


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    """The first column to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join([f"{row[0]:<{widths[0]}}", *(f"{c:>{w}}" for c, w in zip(row[1:], widths[1:], strict=True))]).rstrip()
        for row in rows
    )
