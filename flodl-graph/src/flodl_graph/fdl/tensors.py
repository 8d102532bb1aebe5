"""What floDl calls the modules of a graph, and the tensors inside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, final

from attrs import frozen
from flodl_core import CheckpointError, ComponentError, Layout, ModuleSpec, components
from torch import Tensor, nn

from flodl_graph.fdl.replay import beyond, replay
from flodl_graph.fdl.replica import Replica
from flodl_graph.ir.graph import GraphIR
from flodl_graph.ir.node import AbstractNode

_ROLES = {
    "gate": ("router", "experts"),
    "switch": ("selector", "branches"),
    "loop_body": ("body", "condition"),
    "map": ("body",),
}  # what stands inside a word's own module, in floDl's order
_COMPOSITE, _GRAPH = "module", "graph"  # what floDl calls a word's own module, and a graph inside a graph


@final
@frozen(eq=False)
class Slot:
    """One tensor: floDl's bare name, and our `state_dict` key."""

    name: str
    key: str
    tensor: Tensor


@final
@frozen(eq=False)
class Held:
    """What floDl sees of a module.

    Args:
        name: floDl's name of it.
        parameters: In floDl's order, each tensor once.
        buffers: Likewise.
        unseen: Keys of buffers that floDl 0.2.2 does not see: those of graphs inside graphs.
        own: Keys of entries that floDl does not have.
        graph: The graph that it is, if it is one.
    """

    name: str
    parameters: tuple[Slot, ...] = ()
    buffers: tuple[Slot, ...] = ()
    unseen: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    graph: nn.Module | None = None


def replica_of(graph: nn.Module) -> Replica:
    """A graph as floDl would hold it.

    Raises:
        CheckpointError: Something in it that floDl does not have, with the user's line.
    """
    return replay(ir_of(graph), lambda node: _name(node, graph.get_submodule(node.name)))


def holdings(graph: nn.Module, replica: Replica, prefix: str = "") -> Iterator[tuple[str, Held]]:
    """The id of each node that runs a module, and what is in it, in floDl's order of execution."""
    nodes = {node.name: node for node in ir_of(graph).nodes}
    for made in replica.order():
        ours = replica.nodes[made]
        if ours is not None:
            yield made, _held_by(nodes[ours], graph.get_submodule(ours), f"{prefix}{ours}.")
        elif made.startswith("identity_"):
            yield made, Held("identity")


def ir_of(graph: nn.Module) -> GraphIR:
    """The IR of a graph."""
    ir: Any = graph.ir
    assert isinstance(ir, GraphIR)
    return ir


def once(slots: Iterable[Slot]) -> tuple[Slot, ...]:
    """Each tensor at its first name only."""
    first: dict[int, Slot] = {}
    for slot in slots:
        first.setdefault(id(slot.tensor), slot)
    return tuple(first.values())


def _name(node: AbstractNode, part: nn.Module) -> str:
    """What floDl calls a node's module, or its merge op."""
    if node.word == "merge":
        op = components.builtin_class("merge_op", type(part))
        return op.name if op else type(part).__name__
    return _GRAPH if _is_graph(part) else _layout(part, node).name


def _held_by(node: AbstractNode, part: nn.Module, prefix: str) -> Held:
    if node.word not in _ROLES:
        return _held(part, prefix, node)
    roles, inside = _ROLES[node.word], {name for name, _ in part.named_children()}
    if roles[0] not in inside or not inside <= {*roles}:
        raise beyond(f"no {type(part).__name__} for {node.word}()", node.where)  # it was put in a word's place later
    inner = [_held(child, f"{prefix}{path}.", node) for path, child in _inside(part)]
    if node.word == "map":
        return inner[0]
    return Held(
        _COMPOSITE,
        once(slot for held in inner for slot in held.parameters),
        once(slot for held in inner for slot in held.buffers),
        tuple(key for held in inner for key in held.unseen),
        tuple(key for held in inner for key in held.own),
    )


def _inside(part: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """The modules inside a word's own: the router before the experts, the body before the condition."""
    for role, child in part.named_children():
        if isinstance(child, nn.ModuleList):
            yield from ((f"{role}.{number}", module) for number, module in enumerate(child))
        else:
            yield role, child


def _held(module: nn.Module, prefix: str, node: AbstractNode) -> Held:
    module = getattr(module, "_orig_mod", module)  # inside torch.compile
    if _is_graph(module):
        inner = [held for _, held in holdings(module, replica_of(module), prefix)]
        buffers = (slot.key for held in inner for slot in held.buffers)
        unseen = (*buffers, *(key for held in inner for key in held.unseen))
        own = tuple(key for held in inner for key in held.own)
        return Held(_GRAPH, once(s for held in inner for s in held.parameters), (), unseen, own, module)
    layout = _layout(module, node)
    tensors = module.state_dict(keep_vars=True)
    try:
        parameters = tuple(layout.pairs(layout.parameters, tensors))
        buffers_here = tuple(layout.pairs(layout.buffers, tensors))
    except ComponentError as error:
        raise CheckpointError(f"an .fdl file cannot hold this graph: {error.what}", where=node.where) from error
    known = {key for _, key in (*parameters, *buffers_here)} | {*layout.own}
    if unknown := [key for key in tensors if key not in known]:
        raise beyond(f"no {unknown[0]!r} in its {layout.name}", node.where)

    def slots(pairs: tuple[tuple[str, str], ...]) -> tuple[Slot, ...]:
        return once(Slot(name, prefix + key, tensors[key]) for name, key in pairs)

    own = tuple(prefix + key for key in layout.own if key in tensors)
    return Held(layout.name, slots(parameters), slots(buffers_here), own=own)


def _layout(module: nn.Module, node: AbstractNode) -> Layout:
    """What floDl calls a module, as its spec says; plugins' specs are asked too."""
    module = getattr(module, "_orig_mod", module)
    known = components.builtin_class("module", type(module))
    found = [known] if known else [c for c in components.list("module") if c.is_class(type(module))]
    for component in found:
        if isinstance(component.spec, ModuleSpec) and component.spec.layout is not None:
            return component.spec.layout
    raise beyond(f"no {found[0].name if found else type(module).__name__}", node.where)


def _is_graph(module: Any) -> bool:
    return isinstance(getattr(module, "ir", None), GraphIR)
