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
        """The order in which floDl runs them: level by level, inside a level as they become ready (Kahn 1962).

        That is not always as they were made: what reads the first node of a level comes before what reads the second.
        """
        numbers = {node: number for number, node in enumerate(self.nodes)}
        ties = sorted({(edge.source, edge.target) for edge in self.edges}, key=lambda tie: numbers[tie[1]])
        waits = Counter(target for _, target in ties)
        readers: dict[NodeId, list[NodeId]] = {}
        for source, target in ties:
            readers.setdefault(source, []).append(target)
        ordered = [node for node in self.nodes if not waits[node]]
        for node in ordered:  # grows meanwhile
            for target in readers.get(node, ()):
                waits[target] -= 1
                if not waits[target]:
                    ordered.append(target)
        assert len(ordered) == len(self.nodes)  # a carried value is read by a node of its own: there is no circle
        return tuple(ordered)
