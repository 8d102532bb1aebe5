"""The hash of a graph: the same for what computes alike, another for anything that does not."""

from __future__ import annotations

import copy
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable

import pytest
import torch
from flodl_core import ref
from flodl_graph import FlowBuilder, Graph
from torch import Tensor, nn


def _graph(
    *,
    width: int = 8,
    activation: str = "gelu",
    turns: int = 3,
    op: str = "mean",
    slices: int = 4,
    skip: str = "first",
    carry: bool = True,
) -> Graph:
    flow = (
        FlowBuilder("linear", 4, width)
        .tag("first")
        .through(activation)
        .tag("second")
        .split("tanh", ref("linear", width, width))
        .merge(op)
        .loop_body(FlowBuilder("linear", width, width).through("gelu"))
        .for_n(turns)
        .gate("softmax_router", ["relu", ref("linear", width, width)], dim=width)
        .using(skip)
        .map("linear", width // slices, 2)
        .slices(slices)
    )
    return (flow.through("state_add").using("memory").tag("memory") if carry else flow).build()


CHANGES: dict[str, Callable[[], Graph]] = {
    "a width": lambda: _graph(width=16),
    "a module": lambda: _graph(activation="relu"),
    "a number of turns": lambda: _graph(turns=4),
    "a merge op": lambda: _graph(op="add"),
    "a word's option": lambda: _graph(slices=2),
    "a reference": lambda: _graph(skip="second"),
    "a carried value": lambda: _graph(carry=False),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_structure_changes_the_hash(change: str) -> None:
    """Whatever changes what is computed is in the text, and so in the hash."""
    assert CHANGES[change]().hash != _graph().hash
    assert CHANGES[change]().structure != _graph().structure


def test_values_and_names_do_not_count() -> None:
    """Other parameters, tags, labels and renamed references of a router leave the hash as it is."""

    def named(tag: str, label: str | None) -> FlowBuilder:
        flow = FlowBuilder("linear", 4, 4).tag(tag).gate("softmax_router", ["relu", "tanh"], dim=4).using(tag)
        return flow.label(label) if label else flow

    graphs = [named("a", None), named("other", "net"), named("a", None).tag("out", weights="w")]
    assert len({flow.build().hash for flow in graphs}) == 1


def test_a_keyword_that_a_module_knows_counts() -> None:
    """Two arguments of a module, exchanged, are another computation."""

    class Blend(nn.Module):
        def forward(self, x: Tensor, a: Tensor, b: Tensor) -> Tensor:
            return x + a - b

    flow = FlowBuilder("tanh").tag("one").through("relu").tag("two").through(Blend())
    assert flow.using(a="one", b="two").build().hash != flow.using(a="two", b="one").build().hash


def test_configuration_without_parameters_counts() -> None:
    """A head count or a probability shows in no tensor, and is in the hash all the same."""
    for one, other in (
        (nn.Sequential(nn.MultiheadAttention(8, 2)), nn.Sequential(nn.MultiheadAttention(8, 4))),
        (nn.Dropout(0.1), nn.Dropout(0.2)),
        (nn.TransformerEncoderLayer(8, 2, 16), nn.TransformerEncoderLayer(8, 2, 16, norm_first=True)),
        (nn.GRU(4, 4), nn.GRU(4, 4, batch_first=True)),
    ):
        assert FlowBuilder(one).build().hash != FlowBuilder(other).build().hash


def test_sharing_counts() -> None:
    """A module used twice is another network than two alike; where it is shared is said by its place."""
    linear = nn.Linear(4, 4)
    shared = FlowBuilder(linear).through(linear).build()
    apart = FlowBuilder(nn.Linear(4, 4)).through(nn.Linear(4, 4)).build()
    assert shared.hash != apart.hash
    assert "v1 = through(v0): shared with 0\n" in shared.structure


def test_copies_modes_and_types_do_not_count(device: torch.device) -> None:
    """The hash outlives a copy, a device, a dtype, a mode and a frozen part."""
    graph = _graph()
    expected = graph.hash
    moved = copy.deepcopy(graph).to(device).double().eval()
    moved.freeze("first")
    assert expected == moved.hash
    assert expected == hashlib.sha256(graph.structure.encode()).hexdigest()


def test_values_that_no_file_holds_do_not_count() -> None:
    """A buffer that is not saved, as merged adapters have one for as long as they are merged."""
    graph = FlowBuilder(nn.BatchNorm1d(4)).build()
    before = graph.hash
    graph.get_submodule("batch_norm1d_1").register_buffer("scratch", torch.zeros(3), persistent=False)
    assert before == graph.hash
    graph.get_submodule("batch_norm1d_1").register_buffer("kept", torch.zeros(3))
    assert before != graph.hash


def test_a_plugin_or_process_changes_nothing() -> None:
    """Two processes of different hash seeds agree: no address, no order of a set is in the text."""
    code = (
        "from flodl_graph import FlowBuilder; from torch import nn\n"
        "class Call:\n    def __call__(self, x): return x\n"
        "print(FlowBuilder(nn.Linear(2, 2)).through(Call()).gate(nn.Linear(2, 2), [nn.Tanh(), nn.ReLU()]).build().hash)"
    )
    hashes = {
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(hashes) == 1
