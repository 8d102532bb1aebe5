"""A graph in the form of an `.fdl` file: floDl's name for each entry, in floDl's order, and its hash."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import final

from attrs import frozen
from flodl_core import CheckpointError
from torch import nn

from flodl_graph.fdl.digest import digest
from flodl_graph.fdl.replica import Replica
from flodl_graph.fdl.tensors import Held, Slot, holdings, replica_of


@final
@frozen
class FdlForm:
    """How floDl would write a graph down.

    Args:
        names: floDl's name of each entry to our `state_dict` key, parameters before buffers.
        hash: floDl's structural hash.
        unseen: Keys that floDl 0.2.2 does not write: buffers of graphs inside graphs.
        own: Keys of what floDl does not have, such as BatchNorm's counter of batches.
    """

    names: Mapping[str, str]
    hash: str
    unseen: tuple[str, ...] = ()
    own: tuple[str, ...] = ()


def fdl_form(graph: nn.Module) -> FdlForm:
    """What floDl calls a graph's entries.

    Raises:
        CheckpointError: The graph holds what floDl does not have, with the user's line.
    """
    replica = replica_of(graph)
    nodes = dict(holdings(graph, replica))
    held = list(_prefixed(replica, nodes))
    parameters = _qualified((prefix, node.parameters) for prefix, node in held)
    buffers = _qualified((prefix, node.buffers) for prefix, node in held)
    names: dict[str, str] = {}
    for name, key in (*parameters, *buffers):
        if name in names:
            raise CheckpointError(f"floDl would call both {names[name]} and {key} {name!r}", mend="take other tags")
        names[name] = key
    unseen = tuple(key for _, node in held for key in node.unseen)
    return FdlForm(names, digest(replica, nodes), unseen, tuple(key for _, node in held for key in node.own))


def _prefixed(replica: Replica, nodes: Mapping[str, Held]) -> Iterator[tuple[str, Held]]:
    """What each node holds, under its first tag, else its id."""
    first: dict[str, str] = {}
    for tag, node in replica.tags.items():
        first.setdefault(node, tag)
    return ((first.get(node, node), held) for node, held in nodes.items())


def _qualified(nodes: Iterable[tuple[str, tuple[Slot, ...]]]) -> Iterator[tuple[str, str]]:
    """`prefix/name`; where a node has a name several times, all of them are numbered. Shared tensors once."""
    seen: set[int] = set()
    for prefix, slots in nodes:
        counts, numbers = Counter(slot.name for slot in slots), Counter[str]()
        for slot in slots:
            if id(slot.tensor) in seen:
                continue
            seen.add(id(slot.tensor))
            number = f"_{numbers[slot.name]}" if counts[slot.name] > 1 else ""
            numbers[slot.name] += 1
            yield f"{prefix}/{slot.name}{number}", slot.key
