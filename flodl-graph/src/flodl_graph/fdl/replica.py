"""A graph as floDl holds it: numbered nodes, edges between ports, levels. Plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TypeAlias, final

from attrs import frozen

NodeId: TypeAlias = str
"""What floDl calls a node: its kind or its module's name, and a number that counts all nodes."""

INPUT, OUTPUT = "input", "output"
"""The ports that every node has."""


@final
@frozen
class Edge:
    """From a node's output to a port of another."""

    source: NodeId
    target: NodeId
    port: str


@final
@frozen
class Replica:
    """What floDl would have built of the same words.

    Args:
        nodes: Id to the name of our node whose module it runs; None: it runs no module. In floDl's order.
        edges: In the order in which floDl's builder ties them.
        tags: Tag to node.
        inputs: Name and node of each input of the graph.
        output: The node whose output is the graph's.
    """

    nodes: Mapping[NodeId, str | None]
    edges: tuple[Edge, ...]
    tags: Mapping[str, NodeId]
    inputs: tuple[tuple[str, NodeId], ...]
    output: NodeId

    def order(self) -> tuple[NodeId, ...]:
        """The order in which floDl runs them: level by level, inside a level as they were made (Kahn 1962)."""
        numbers = {node: number for number, node in enumerate(self.nodes)}
        waits = Counter(edge.target for edge in self.edges)
        readers: dict[NodeId, list[NodeId]] = {}
        for edge in self.edges:
            readers.setdefault(edge.source, []).append(edge.target)
        ordered: list[NodeId] = []
        level = [node for node in self.nodes if not waits[node]]
        while level:
            ordered += level
            read = [target for node in level for target in readers.get(node, ())]
            waits.subtract(read)
            level = sorted({node for node in read if not waits[node]}, key=numbers.__getitem__)
        assert len(ordered) == len(self.nodes)  # a carried value is read by a node of its own: there is no circle
        return tuple(ordered)
