"""What nodes are called, which is what their parameters are called."""

from __future__ import annotations

from flodl_graph import FlowBuilder
from torch import nn


class SwiGLUBlock(nn.Identity):
    """A class that no component stands for."""


def names(builder: FlowBuilder) -> list[str]:
    return [node.name for node in builder.build().ir.nodes]


def test_untagged_nodes_are_counted_per_component() -> None:
    """`linear_1`, `gelu_1`, `linear_2`: inserting another kind renames nothing."""
    flow = FlowBuilder("linear", 2, 2).through("gelu").through("linear", 2, 2)
    assert ["linear_1", "gelu_1", "linear_2"] == names(flow)


def test_a_tag_renames_its_own_node_only() -> None:
    """A tagged node uses up its number."""
    flow = FlowBuilder("linear", 2, 2).tag("first").through("linear", 2, 2)
    assert ["first", "linear_2"] == names(flow)


def test_the_first_tag_names_the_node_and_others_are_aliases() -> None:
    """Two tags on one value: one name, two ways to say it."""
    graph = FlowBuilder("linear", 2, 2).tag("a").tag("b").build()
    assert ["a"] == [node.name for node in graph.ir.nodes]
    assert (("a", "a"), ("b", "a")) == graph.ir.tags


def test_classes_without_a_component_are_named_in_snake_case() -> None:
    """A live object of an unknown class, and a plain function."""

    def double(x: object) -> object:
        return x

    assert ["swi_glu_block_1", "double_1"] == names(FlowBuilder(SwiGLUBlock()).through(double))


def test_a_reference_is_named_after_its_component_not_its_alias() -> None:
    """`sum` is an alias of `add`: the node is `add_1` either way."""
    assert "add_1" == names(FlowBuilder().split("gelu", "gelu").merge("sum"))[-1]


def test_the_stream_is_called_x_unless_x_is_taken() -> None:
    """Forward's first parameter gives way to a tag called `x`, and takes its own tag if it has one."""
    assert "x" == FlowBuilder("gelu").build().ir.inputs[0]
    assert "stream" == FlowBuilder("gelu").tag("x").build().ir.inputs[0]
    assert "image" == FlowBuilder().tag("image").through("gelu").build().ir.inputs[0]


def test_tag_groups_number_the_branches() -> None:
    """`head_0`, `head_1` are nodes, paths and tags."""
    graph = FlowBuilder().split("gelu", "relu").tag_group("head").merge("add").build()
    assert ["head_0", "head_1", "add_1"] == [node.name for node in graph.ir.nodes]
    assert (("head", ("head_0", "head_1")),) == graph.ir.groups
