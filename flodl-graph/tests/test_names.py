"""What nodes are called, which is what their parameters are called."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from flodl_core import BuildError
from flodl_graph import FlowBuilder
from flodl_graph.graph import RESERVED
from flodl_graph.run.source import OWN_NAMES
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


OFFERED = """
    about aliases carried check code collect collect_at detach_state dot end_epoch epoch eta evaluating
    export_timing_trends export_trends expose flush freeze hash ir is_frozen kept label latest_metrics
    load_checkpoint load_run_state load_subgraph_checkpoint named_parameters_at observe param_groups param_summary
    parameters_at paths ports profile record record_at reset_state reset_trend run_state running_metrics
    save_checkpoint set_training_at short_hash snapshot structural_hash structure subgraph summary svg tagged
    tagged_at thaw timing_trend to_toml trainable_parameters tree_summary trend trend_at trends trends_at
    validate_path write_log
"""


def test_the_names_that_no_tag_may_take() -> None:
    """Those of every torch module, what a graph offers, and four that its code is written with; no others."""
    modules = {*dir(nn.Module), *vars(nn.Module())}
    assert sorted([*OFFERED.split(), "flodl", "flodl_watch", "self", "wanted"]) == sorted(
        name for name in (RESERVED | OWN_NAMES) - modules if not name.startswith("_")
    )
    assert {name for name in modules if not name.startswith("___")} <= RESERVED  # those are what compilers add


def test_a_reserved_name_is_refused() -> None:
    """As a tag, a label and an input, each time by a BuildError, whatever the name."""
    flow = FlowBuilder("tanh")
    for name in sorted(RESERVED | OWN_NAMES):
        for wrong in (flow.tag(name), flow.label(name), flow.input(name)):
            with pytest.raises(BuildError, match=f"{name!r} is a name that every graph needs itself"):
                wrong.build()


def test_names_of_what_runs_inside_are_free() -> None:
    """What a graph's code calls, and where a graph keeps things, stands in nobody's way."""
    inner = FlowBuilder("linear", 2, 2).tag("zeros").through("tanh").tag("given").build()
    graph = (
        FlowBuilder("linear", 2, 2).tag("keep")
        .through("state_add").using("watch")
        .also(inner).tag("alone", zeros="made")
        .through(lambda x, shapes: x * shapes).using(shapes="recorder")
        .through("linear", 2, 2).tag("watch").tag("chosen")
        .through("tanh").tag("recorder").tag("observed").tag("exposed").tag("copies")
        .label("shapes").build()
    )  # fmt: skip
    watch, recorder = torch.zeros(4, 2), torch.zeros(4, 2)
    for x in torch.randn(3, 4, 2):
        y = graph(x)
        made = inner.zeros(graph.keep(x) + watch)
        watch = graph.watch((graph.keep(x) + watch + made.tanh()) * recorder)
        recorder = watch.tanh()
        assert made.equal(graph.tagged("made"))
        assert recorder.equal(graph.tagged("copies"))
        assert recorder.equal(y)
    assert "alone" in str(graph.profile(x, repeat=1))
    assert "f32[B,2]" == graph.check("f32[B,2]")


def test_a_function_with_bound_arguments_is_called_like_the_function() -> None:
    """`partial(softmax, dim=-1)` is a softmax, in names, drawings and tables; no address is shown."""

    class Doubled:
        def __call__(self, x: torch.Tensor) -> torch.Tensor:
            return 2 * x

    graph = FlowBuilder(partial(torch.softmax, dim=-1)).through(partial(partial(torch.sum), dim=0)).through(Doubled())
    graph = graph.build()
    assert ["softmax_1", "sum_1", "doubled_1"] == [node.name for node in graph.ir.nodes]
    said = graph.summary() + graph.dot() + graph.svg() + repr(graph) + graph.structure
    assert " at 0x" not in said
    assert "partial(softmax, dim=-1)" in graph.structure
    assert all(
        f'label="{name}\\n{title}"' in graph.dot()
        for name, title in [("softmax_1", "softmax"), ("doubled_1", "Doubled")]
    )


def test_the_last_label_counts() -> None:
    """A flow that goes on from another one may be called otherwise; in TOML too."""
    small = FlowBuilder("linear", 2, 2).label("small")
    large = small.through("tanh").label("large")
    assert ("small", "large") == (small.build().label, large.build().label)
    assert "large" == FlowBuilder.from_toml(large.build().to_toml()).build().label
