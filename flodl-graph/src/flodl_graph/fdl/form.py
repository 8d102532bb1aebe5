"""A graph in the form of an `.fdl` file: floDl's name for each entry, in floDl's order, and its hash."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import final

from attrs import field, frozen
from flodl_core import CheckpointError
from torch import nn

from flodl_graph.fdl.digest import digest
from flodl_graph.fdl.replica import NodeId, Replica
from flodl_graph.fdl.tensors import Slot, holdings, replica_of


@final
@frozen
class FdlForm:
    """How floDl would write a graph down.

    Args:
        names: floDl's name of each entry to our `state_dict` key, parameters before buffers.
        hash: floDl's structural hash.
        unseen: Keys that floDl 0.2.2 does not write: buffers of graphs inside graphs.
        own: Keys of what floDl does not have, such as BatchNorm's counter of batches.
        further: What floDl may call entries instead, to our keys: of a node's several tags it takes any one.
    """

    names: Mapping[str, str]
    hash: str
    unseen: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    further: Mapping[str, str] = field(factory=dict)

    def names_in(self, known: Collection[str]) -> dict[str, str]:
        """Our key of each entry to floDl's name in a file that knows these names."""
        further = {key: name for name, key in self.further.items() if name in known}
        return {key: name for name, key in self.names.items()} | further


def fdl_form(graph: nn.Module) -> FdlForm:
    """What floDl calls a graph's entries.

    Raises:
        CheckpointError: The graph holds what floDl does not have, with the user's line.
    """
    replica = replica_of(graph)
    nodes = dict(holdings(graph, replica))
    parameters = _numbered((node, held.parameters) for node, held in nodes.items())
    buffers = _numbered((node, held.buffers) for node, held in nodes.items())
    tags = _tags(replica)
    names: dict[str, str] = {}
    further: dict[str, str] = {}
    for node, bare, key in (*parameters, *buffers):
        name, *others = (f"{prefix}/{bare}" for prefix in tags.get(node, [node]))
        if name in names:
            raise CheckpointError(f"floDl would call both {names[name]} and {key} {name!r}", mend="take other tags")
        names[name] = key
        further |= dict.fromkeys(others, key)
    unseen = tuple(key for held in nodes.values() for key in held.unseen)
    own = tuple(key for held in nodes.values() for key in held.own)
    further = {name: key for name, key in further.items() if name not in names}
    return FdlForm(names, digest(replica, nodes), unseen, own, further)


def _tags(replica: Replica) -> dict[NodeId, list[str]]:
    """The tags of each node that has any; the first one is what we call its entries by."""
    tags: dict[NodeId, list[str]] = {}
    for tag, node in replica.tags.items():
        tags.setdefault(node, []).append(tag)
    return tags


def _numbered(nodes: Iterable[tuple[NodeId, tuple[Slot, ...]]]) -> Iterator[tuple[NodeId, str, str]]:
    """Node, name and key; where a node has a name several times, all of them are numbered. Shared tensors once."""
    seen: set[int] = set()
    for node, slots in nodes:
        counts, numbers = Counter(slot.name for slot in slots), Counter[str]()
        for slot in slots:
            if id(slot.tensor) in seen:
                continue
            seen.add(id(slot.tensor))
            number = f"_{numbers[slot.name]}" if counts[slot.name] > 1 else ""
            numbers[slot.name] += 1
            yield node, f"{slot.name}{number}", slot.key
