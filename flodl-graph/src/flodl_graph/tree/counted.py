"""What the entries of a graph would be called if no node had a tag or a label."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from flodl_graph.ir.graph import GraphIR


def counted_names(graph: nn.Module) -> dict[str, str]:
    """`state_dict` key to the same with counted names (`linear_2.weight`), where they differ.

    Renaming a node by a tag or a label changes its keys, and not these: entries are found by either.
    """
    counted = dict(_paths(graph))
    names = {}
    for key in graph.state_dict():
        path, _, leaf = key.rpartition(".")
        if counted.get(path, path) != path:
            names[key] = f"{counted[path]}.{leaf}"
    return names


def _paths(module: nn.Module, path: str = "", counted: str = "") -> Iterator[tuple[str, str]]:
    """The dotted path of every module, shared ones at each, and the same with counted names."""
    yield path, counted
    ir = getattr(module, "ir", None)
    names = {node.name: node.counted for node in ir.nodes} if isinstance(ir, GraphIR) else {}
    for name, child in module._modules.items():
        if child is not None:
            yield from _paths(child, _joined(path, name), _joined(counted, names.get(name) or name))


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
