"""The table of a graph."""

from __future__ import annotations

from flodl_graph import FlowBuilder
from zoo import ZOO


def test_the_whole_table() -> None:
    """Name, part, what it reads and makes, parameters and how many of them train; nested parts below theirs."""
    graph = ZOO["nested"]()
    graph.check("f32[B,4]")
    assert (
        graph.summary()
        == """\
classifier(x)
-------------------------------------------------------------------------
name        part          reads           makes     parameters  trainable
-------------------------------------------------------------------------
encoder     Graph         x               f32[B,8]         184        112
  linear_1  Linear(4, 8)                  f32[B,8]          40         40
  cell      Graph                         f32[B,8]          72          0
    hidden  Linear(8, 8)                  f32[B,8]          72          0
    act     GELU                          f32[B,8]           0          0
  linear_2  Linear(8, 8)                  f32[B,8]          72         72
linear_1    Linear(8, 8)  encoder         f32[B,8]          72         72
add_1       Add           linear_1, skip  f32[B,8]           0          0
linear_2    Linear(8, 2)  add_1           f32[B,2]          18         18
-------------------------------------------------------------------------
274 parameters, 202 of them trainable"""
    )


def test_depth() -> None:
    """`depth=0` leaves out what is inside; shapes are a column only once they are known."""
    lines = ZOO["chain"]().summary(depth=0).splitlines()
    assert ["name", "part", "reads", "parameters", "trainable"] == lines[2].split()
    assert ["refined", "3", "turns", "mean_1", "272", "272"] == next(x for x in lines if "refined " in x).split()
    assert not any("experts" in line for line in lines)


def test_a_residual_says_what_it_adds() -> None:
    """The sum, with its module in it."""
    assert "x + Linear(4, 4) " in FlowBuilder().also("linear", 4, 4).build().summary()


def test_a_word_inside_a_nested_graph_is_called_as_it_is_outside() -> None:
    """A gate is a gate, and not what it is drawn to do at its end."""
    gate = FlowBuilder().gate("softmax_router", ["gelu", "relu"], dim=4)
    rows = FlowBuilder(gate).through(gate.build()).build().summary().splitlines()
    assert [["gate_1", "gate"]] * 2 == [row.split()[:2] for row in rows if "gate_1" in row]


def test_what_is_too_long_is_cut_off_after_an_argument() -> None:
    """Nothing is left half said."""
    flow = FlowBuilder("conv2d", 10, 20, (3, 3), stride=(2, 2), padding=(1, 1))
    assert "Conv2d(10, 20, (3, 3), …) " in flow.build().summary()
