"""floDl's structural hash, byte for byte: SHA-256 over ids, names, shapes, edges, tags and ports."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Iterator, Mapping

from torch import nn

from flodl_graph.fdl.replica import INPUT, OUTPUT, Replica
from flodl_graph.fdl.tensors import Held, Slot, holdings, replica_of

SHORT = 8
"""Digits that people are shown."""


def structural_hash(graph: nn.Module) -> str:
    """64 hexadecimal digits, equal to those that floDl computes for the same graph.

    Raises:
        CheckpointError: The graph holds what floDl does not have.
    """
    replica = replica_of(graph)
    return digest(replica, dict(holdings(graph, replica)))


def digest(replica: Replica, held: Mapping[str, Held]) -> str:
    """The same of what was looked up before.

    Args:
        held: What each node that runs a module holds.
    """
    pieces = [*_nodes(replica, held), *_edges(replica), *_ports(replica)]
    return hashlib.sha256(b"".join(pieces)).hexdigest()


def _nodes(replica: Replica, held: Mapping[str, Held]) -> Iterator[bytes]:
    for node in replica.order():
        yield _text(node)
        if node in held:
            yield _text(held[node].name)
            yield from _shapes(b"P", held[node].parameters)
            yield from _shapes(b"B", held[node].buffers)
            inner = held[node].graph
            if inner is not None:
                yield b"G" + structural_hash(inner).encode()


def _shapes(mark: bytes, slots: Iterable[Slot]) -> Iterator[bytes]:
    for slot in sorted(slots, key=lambda slot: slot.name.encode()):
        shape = tuple(slot.tensor.shape)
        yield mark + _text(slot.name) + struct.pack(f"<{len(shape)}q", *shape)


def _edges(replica: Replica) -> Iterator[bytes]:
    yield b"EDGES"
    for edge in replica.edges:
        yield _text(edge.source) + _text(OUTPUT) + _text(edge.target) + _text(edge.port)


def _ports(replica: Replica) -> Iterator[bytes]:
    numbers = {node: number for number, node in enumerate(replica.nodes)}
    yield b"TAGS"
    for tag in sorted(replica.tags, key=str.encode):
        yield _text(tag) + struct.pack("<QQ", numbers[replica.tags[tag]], 0)
    yield b"INPUTS"
    for name, node in replica.inputs:
        yield _text(name) + _text(node) + _text(INPUT)
    yield b"OUTPUTS" + _text(OUTPUT) + _text(replica.output) + _text(OUTPUT)


def _text(word: str) -> bytes:
    return word.encode() + b"\0"
