"""What a dotted path names: a graph, a tag, a module or a parameter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from flodl_core import PathError
from flodl_core.errors import did_you_mean
from flodl_core.paths import check_path, is_glob, resolved
from torch import nn

from flodl_graph.ir.graph import GraphIR

Kind: TypeAlias = Literal["subgraph", "tag", "module", "parameter"]


def kind_of(root: nn.Module, graphs: Mapping[str, GraphIR], path: str) -> Kind:
    """What a path names; a tag before the module that is called like it, unless that is a graph with a label.

    Args:
        root: Whose paths these are.
        graphs: Path of every graph inside the root to what it is; the root itself under `""`.

    Raises:
        PathError: Nothing; with the nearest. Or it is empty, a glob, or internal to a nested graph.
    """
    check_path(path)
    if not path or is_glob(path):
        what = f"{path!r} is a glob, which names any number of parts" if path else "an empty path names no part"
        raise PathError(what, mend="parameters_at() and freeze() take globs; the graph itself needs no path")
    path = resolved_name(root, path)
    owner, rest = owner_of(graphs, path)
    if owner and rest.partition(".")[0] in graphs[owner].internal:
        raise PathError(f"{path!r} is internal to {owner!r}", mend=f"ask {owner!r} itself, or make it public")
    tags = [tag for tag, _ in graphs[owner].tags]
    if rest in tags and not (path in graphs and graphs[path].label):
        return "tag"
    if path in graphs:
        return "subgraph"
    modules = dict(root.named_modules(remove_duplicate=False))
    if path in modules:
        return "module"
    parameters = [name for name, _ in root.named_parameters(remove_duplicate=False)]
    if path in parameters:
        return "parameter"
    if any(name == path for name, _ in root.named_buffers(remove_duplicate=False)):
        raise PathError(f"{path!r} names a buffer, which does not train", mend="name the module that holds it")
    labelled = [inner for inner, ir in graphs.items() if ir.label == path.rpartition(".")[2]]  # inside a loop: the role
    known = [*filter(None, modules), *(f"{owner}.{tag}" if owner else tag for tag in tags), *parameters]
    tails = labelled or [name for name in dict.fromkeys(known) if name.rpartition(".")[2] == path.rpartition(".")[2]]
    nearest = f"did you mean {' or '.join(map(repr, tails[:3]))}?" if tails else did_you_mean(path, known)
    raise PathError(f"{path!r} names nothing in this graph", mend=nearest or "graph.paths() lists what there is")


def resolved_name(root: nn.Module, path: str) -> str:
    """What a path leads to, in the root's own paths; its last name as it is: a tag or a metric is called as it was."""
    check_path(path)
    parent, dot, last = path.rpartition(".")
    return f"{resolved(root, parent)}{dot}{last}"


def owner_of(graphs: Mapping[str, GraphIR], path: str) -> tuple[str, str]:
    """The innermost graph that a path leads into, and what is left of the path there."""
    owner = max((prefix for prefix in graphs if path.startswith(f"{prefix}.")), key=len, default="")
    return owner, path.removeprefix(f"{owner}.") if owner else path
