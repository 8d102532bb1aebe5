"""Ops by name in a flow: called, named and drawn as what they are."""

from __future__ import annotations

import torch
from flodl import FlowBuilder


def test_an_op_is_called_and_drawn_by_its_name(device: torch.device) -> None:
    """Two ops in a row, one beside what `using` names: torch's own numbers, and boxes that say which op."""
    flow = FlowBuilder().input("y").through("op:softmax", dim=0).through("op:add").using(other="y")
    graph = flow.build()
    x, y = torch.randn(3, 4, device=device), torch.randn(3, 4, device=device)
    assert (x.softmax(0) + y).equal(graph(x, y))
    assert ["softmax_1", "add_1"] == [node.name for node in graph.ir.nodes]
    assert 'label="softmax_1\\nsoftmax(dim=0)"' in graph.dot()
    assert 'label="add_1\\nadd"' in graph.dot()
    assert " at 0x" not in graph.summary() + graph.dot() + graph.svg() + repr(graph) + graph.structure
