"""Flows as TOML text: what was said is read back as the same graph."""

from __future__ import annotations

import pytest
import torch
from flodl_core import BuildError, ref
from flodl_graph import FlowBuilder
from torch import nn

inner = FlowBuilder("linear", 4, 4).tag("hidden").through("gelu").label("inner")
FLOWS = {
    "through": FlowBuilder("linear", 4, 4, bias=False).tag("h").through("dropout", p=0.5).label("net"),
    "also": FlowBuilder("tanh").also(inner).also("linear", 4, 4),
    "split": FlowBuilder().split("tanh", ref("linear", 4, 4), inner).tag_group("head").merge("cat", dim=1),
    "fork": FlowBuilder("tanh").word("fork", "relu").tag("side").merge("mul").using("side"),
    "gate": FlowBuilder("tanh")
    .tag("h")
    .gate("softmax_router", ["relu", inner], dim=4)
    .using("h")
    .tag("out", weights="w"),
    "switch": FlowBuilder().switch("fixed_selector", ["relu", "tanh"], index=1, per="batch"),
    "for_n": FlowBuilder().loop_body("linear", 4, 4).for_n(3).tag("out", states="all_states"),
    "until": FlowBuilder().loop_body(inner).until_cond("threshold_halt", 3, threshold=1e9, per="sample"),
    "while": FlowBuilder().loop_body("tanh").while_cond("learned_halt", 3, dim=4),
    "map": FlowBuilder("tanh").tag("a").through("relu").map("linear", 2, 2).batched().slices(2).map("tanh").over("a"),
    "state": FlowBuilder("tanh").through("state_add").using("memory").tag("memory"),
    "input": FlowBuilder().input("other").tag("x0").through("state_add").using(a="x0", b="other"),
    "full name": FlowBuilder("tanh").word("flodl-graph/also", FlowBuilder().word("flodl-graph/map", "gelu")),
    "at": FlowBuilder("tanh").tag("a").tag("b").through("relu").at("b").also("gelu"),
}


@pytest.mark.parametrize("name", FLOWS)
def test_round_trip(name: str) -> None:
    """Seeded, the graph read back is the same frozen data and computes the same numbers."""
    torch.manual_seed(0)
    said = FLOWS[name].build()
    text = said.to_toml()
    torch.manual_seed(0)
    read = FlowBuilder.from_toml(text).build()
    assert said.ir == read.ir
    assert text == read.to_toml()
    inputs = [torch.randn(3, 4) for _ in said.ir.inputs]
    assert torch.equal(said.eval()(*inputs), read.eval()(*inputs))


def test_it_reads_well() -> None:
    """One table per word, in a form that diffs line by line."""
    text = FlowBuilder("linear", 4, 4, bias=False).tag("h").also(FlowBuilder("gelu")).label("net").build().to_toml()
    assert (
        text
        == """\
label = "net"

[[flow]]
through = "linear"
args = [4, 4]
bias = false
tag = "h"

[[flow]]
also = { flow = [{ through = "gelu" }] }
"""
    )


def test_a_live_object_is_named_with_its_line() -> None:
    """Text cannot make what only an object holds."""
    graph = FlowBuilder("tanh").through(nn.Linear(2, 2)).build()
    with pytest.raises(BuildError, match="a live Linear cannot be written down") as caught:
        graph.to_toml()
    assert "test_toml.py" in str(caught.value.where)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("flow = [", "this is no TOML"),
        ('lable = "x"', "a flow has no key 'lable'"),
        ('[[flow]]\nthrough = "geul"\n', "no module is called 'geul'"),
    ],
)
def test_wrong_text(text: str, what: str) -> None:
    """Told with file and line."""
    with pytest.raises(Exception, match=what) as caught:
        FlowBuilder.from_toml(text, "net.toml").build()
    assert str(caught.value.where).startswith("net.toml")


def test_a_path_taken_for_the_text() -> None:
    """The likely slip is told."""
    with pytest.raises(BuildError) as caught:
        FlowBuilder.from_toml("model.toml")
    assert "Path('model.toml').read_text()" == caught.value.mend
