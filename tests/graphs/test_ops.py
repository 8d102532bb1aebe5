"""Ops of flodl-core's table, brought by flodl-nn, stand in flodl-graph's flows where a module is due."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
from flodl_core import BuildError, ComponentError, UnknownComponent, components, ref
from flodl_core.testing.contracts.feed import Feed
from flodl_graph import FlowBuilder

OPS = [c for c in components.list("op") if c.origin.distribution == "flodl-nn"]


def a_graph():
    return (
        FlowBuilder("linear", 4, 4)
        .tag("h")
        .through("op:softmax", dim=-1)
        .through("op:topk", k=2)
        .tag("best", indices="where")
        .through("op:add")
        .using(other="best")
        .split("op:relu", ref("op:clamp", max=1.0))
        .merge("op:cat", dim=1)
        .through("op:mul", other=2.0)
        .through("op:reshape", (-1, 2, 2))
        .build()
    )


def by_hand(graph, x):
    best, _ = torch.softmax(graph.h(x), -1).topk(2)
    twice = best + best
    return (torch.cat([twice.relu(), twice.clamp(max=1.0)], 1) * 2.0).reshape(-1, 2, 2)


def test_a_flow_of_ops_computes_what_it_says():
    """Options, second inputs by name, further outputs, a merge: as written by hand."""
    graph, x = a_graph(), torch.randn(3, 4)
    torch.testing.assert_close(graph(x), by_hand(graph, x))
    assert graph.tagged("where").equal(torch.softmax(graph.h(x), -1).topk(2).indices)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda graph: pickle.loads(pickle.dumps(graph))])
def test_copies_and_pickles_run(again):
    """Ops go by name."""
    graph, x = a_graph(), torch.randn(3, 4)
    assert graph(x).equal(again(graph)(x))


def test_to_toml_and_back():
    """`op:softmax` with its options, and the same graph again."""
    graph, x = a_graph(), torch.randn(3, 4)
    text = graph.to_toml()
    assert 'through = "op:softmax"\ndim = -1' in text
    assert '{ use = "op:clamp", max = 1.0 }' in text
    again = FlowBuilder.from_toml(text).build()
    again.load_state_dict(graph.state_dict())
    assert text == again.to_toml()
    assert graph(x).equal(again(x))


def test_nodes_are_called_by_the_op_and_print_as_they_were_written():
    """In the code and in the table."""
    graph = a_graph()
    assert "x = self.softmax_1(h)" in graph.code
    assert "softmax(dim=-1)" in graph.summary()


def test_shapes_are_checked_without_computing():
    """On the meta device, as for modules."""
    assert "f32[B,2,2]" == a_graph().check("f32[B,4]")


def test_it_compiles():
    """torch.compile traces through ops."""
    graph, x = a_graph(), torch.randn(3, 4)
    torch.testing.assert_close(graph(x), torch.compile(graph, backend="aot_eager")(x))


@pytest.mark.parametrize(
    ("flow", "error", "text"),
    [
        (lambda: FlowBuilder("op:softmacks"), UnknownComponent, "no op is called 'op:softmacks'"),
        (lambda: FlowBuilder("op:softmax"), ComponentError, "softmax: missing a required argument: 'dim'"),
        (lambda: FlowBuilder("op:add"), BuildError, "add_1 needs 'other' besides the stream"),
        (lambda: FlowBuilder("loss:mse"), UnknownComponent, "'loss:mse' is a loss, a module is due"),
    ],
)
def test_mistakes_are_told_at_the_line(flow, error, text):
    """Before anything runs."""
    with pytest.raises(error) as raised:
        flow().build()
    assert text in str(raised.value)
    assert "test_ops.py" in str(raised.value)


@pytest.mark.parametrize("op", [c for c in OPS if len(c.spec.example.inputs) == 1], ids=lambda op: op.name)
def test_every_op_of_one_tensor_runs_in_a_flow(op):
    """Bare, with its example's options."""
    (x,) = Feed.parse(op.spec.example.inputs).tensors()
    graph = FlowBuilder(ref(f"op:{op.name}", **op.spec.example.kwargs)).build()
    torch.manual_seed(0)
    expected = components.create("op", ref(op.name, **op.spec.example.kwargs))(x)
    torch.manual_seed(0)
    torch.testing.assert_close(graph(x), expected[0] if op.spec.outputs else expected, equal_nan=True)


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
