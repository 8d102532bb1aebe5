"""What floDl 0.2.2 got wrong in building and running graphs, one test each: none of it is so here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest
import torch
from flodl_core import BuildError, FlodlError, RoutingError, ShapeError, ref
from flodl_graph import FlowBuilder, Graph
from torch import Tensor, nn


def what(build: Callable[[], object]) -> str:
    with pytest.raises(BuildError) as caught:
        build()
    return caught.value.what


class Memory(nn.Module):
    """A recurrence that begins with nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(4, 4)

    def forward(self, x: Tensor, h: Tensor | None = None) -> Tensor:
        return torch.tanh(self.inner(x) if h is None else self.inner(x) + h)


def remembers() -> FlowBuilder:
    """A graph with state, its module its own at each call."""
    return FlowBuilder(Memory()).using("h").tag("h")


def test_1_a_tag_after_a_forgotten_fork_names_what_it_says() -> None:
    """A side branch without a tag is an error, and never takes a later tag for itself."""
    flow = FlowBuilder("gelu").word("fork", "relu").through("tanh").tag("x")
    assert "relu_1 beside the stream is never used" == what(flow.build)
    side = FlowBuilder("linear", 4, 4).fork("relu").tag("side").through("tanh").tag("x").build()
    x = torch.randn(2, 4)
    side(x)
    torch.testing.assert_close(side.tagged("x"), torch.tanh(side.linear_1(x)))


def test_2_references_of_a_merge_are_branches_and_others_take_none() -> None:
    """`mean` divides by all that it joins; after `input` there is no module to speak to."""
    joined = FlowBuilder("tanh").tag("a").split("relu", "gelu").merge("mean").using("a").build()
    x = torch.randn(2, 4)
    a = torch.tanh(x)
    torch.testing.assert_close(joined(x), (torch.relu(a) + nn.functional.gelu(a) + a) / 3)
    expected = "using() speaks to the module written last, and there is none"
    assert expected == what(FlowBuilder().input("a").using("a").build)


def test_3_one_tag_cannot_be_given_twice_under_one_keyword() -> None:
    """Told; under two keywords it may."""
    twice = FlowBuilder("tanh").tag("a").through("state_add").using("a").using("a")
    assert "using() gives 'a' twice to one module" == what(twice.build)
    renamed = FlowBuilder("tanh").tag("a").through("state_add").using("a", again="a").build()
    x = torch.randn(2, 4)
    torch.testing.assert_close(renamed(x), 3 * torch.tanh(x))


def test_4_zeros_have_the_shape_of_what_is_carried() -> None:
    """Not that of the stream, and the type of what is carried."""
    seen: list[Tensor] = []

    def read(x: Tensor, wide: Tensor) -> Tensor:
        seen.append(wide)
        return x + wide.sum()

    graph = FlowBuilder("linear", 4, 3).through(read).using("wide").through("linear", 3, 7).tag("wide").build()
    graph.double()(torch.randn(2, 4, dtype=torch.float64))
    assert ((2, 7), torch.float64) == (tuple(seen[-1].shape), seen[-1].dtype)


def test_5_a_nested_graph_shows_its_buffers_and_state() -> None:
    """Running statistics are in the outer checkpoint; state is reset and detached with the outer graph."""
    inner = FlowBuilder(remembers().through("batch_norm1d", 4).label("inner"))
    graph = inner.build()
    assert "inner.batch_norm1d_1.running_mean" in graph.state_dict()
    x = torch.randn(3, 4)
    graph(x)
    assert graph.inner.carried["h"].requires_grad
    graph.detach_state()
    assert not graph.inner.carried["h"].requires_grad
    graph.reset_state()
    assert {} == graph.inner.carried


def test_5_the_state_of_a_loops_body_begins_anew_with_each_loop() -> None:
    """From turn to turn it goes on; the next call of the loop is a new one."""
    graph = FlowBuilder().loop_body(remembers()).for_n(3).build()
    cell, x = graph.loop_1.body.h, torch.randn(2, 4)
    state, h = x, None
    for _ in range(3):
        state = h = cell(state, h)
    torch.testing.assert_close(graph(x), state)
    torch.testing.assert_close(graph(x), state)


INSIDE = {
    "expert": FlowBuilder().gate("softmax_router", [remembers(), "tanh"], dim=4),
    "router": FlowBuilder().gate(remembers().through("linear", 4, 2), ["relu", "tanh"]),
    "branch": FlowBuilder().switch("fixed_selector", [remembers(), "tanh"], index=0),
    "selector": FlowBuilder().switch(remembers().through(lambda h: (h.sum() > 100).long()), ["relu", "tanh"]),
    "body": FlowBuilder().loop_body(remembers()).for_n(2),
    "condition": FlowBuilder().loop_body("tanh").while_cond(remembers().through(lambda h: h.sum() - 100), 2),
    "map": FlowBuilder().map(remembers()).batched().each(),
    "nested": FlowBuilder(FlowBuilder(remembers())),
}


@pytest.mark.parametrize("name", INSIDE)
def test_6_state_is_reset_and_detached_wherever_it_is(name: str) -> None:
    """In experts, routers, branches, selectors, bodies, conditions."""
    graph = INSIDE[name].build()
    (inner,) = [module for module in graph.modules() if isinstance(module, Graph) and module.ir.carries]
    graph(torch.randn(2, 4))
    assert inner.carried["h"].requires_grad
    graph.detach_state()
    assert not inner.carried["h"].requires_grad
    graph.reset_state()
    assert {} == inner.carried


def test_7_argmax_never_points_outside() -> None:
    """The whole batch votes for one branch, by the mean of its logits; per sample each row for its own."""
    x = torch.randn(64, 4)
    batch = FlowBuilder().switch("argmax_selector", ["relu", "tanh"], dim=4).tag(index="i").build()
    batch(x)
    assert torch.equal(batch.tagged("i"), batch.switch_1.selector.linear(x).mean(0).argmax())
    rows = FlowBuilder().switch("argmax_selector", ["relu", "tanh"], per="sample", dim=4).tag(index="i").build()
    rows(x)
    assert torch.equal(rows.tagged("i"), rows.switch_1.selector.linear(x).argmax(1))


@pytest.mark.parametrize("index", [-1.0, float("nan"), 2.0])
def test_8_an_index_that_is_none_is_told(index: float) -> None:
    """Never turned into branch 0."""
    graph = FlowBuilder().switch(lambda x: torch.tensor(index), ["relu", "tanh"]).build()
    with pytest.raises(RoutingError, match="switch\\(\\) was told branch"):
        graph(torch.randn(2, 4))


def test_9_graphs_and_maps_take_references() -> None:
    """A nested graph's further input, and a map's body."""
    inner = FlowBuilder().input("other").through("state_add").using("other")
    graph = FlowBuilder("tanh").tag("a").through("relu").through(inner).using(other="a").build()
    x = torch.randn(3, 4)
    a = torch.tanh(x)
    torch.testing.assert_close(graph(x), torch.relu(a) + a)
    mapped = FlowBuilder().fork(lambda x: x.mean()).tag("m").map("state_add").each().using("m").build()
    torch.testing.assert_close(mapped(x), x + x.mean())


def test_10_a_tag_keeps_a_name_when_layers_come_before_it() -> None:
    """Inserting a layer renames no tagged parameter, and no other kind of layer."""
    before = FlowBuilder("linear", 4, 4).tag("first").through("layer_norm", 4).through("linear", 4, 2).tag("last")
    after = (
        FlowBuilder("linear", 4, 4).tag("first").through("linear", 4, 4).tag("between").through("layer_norm", 4)
        .through("linear", 4, 2).tag("last")
    )  # fmt: skip
    assert set(before.build().state_dict()) < set(after.build().state_dict())


def test_11_composites_have_names_of_their_own() -> None:
    """By their word, and their parts by role."""
    graph = (
        FlowBuilder().gate("softmax_router", ["relu", ref("linear", 4, 4)], dim=4)
        .switch("argmax_selector", ["relu", ref("linear", 4, 4)], dim=4)
        .loop_body("linear", 4, 4).for_n(2).map("linear", 4, 4).each().build()
    )  # fmt: skip
    assert ["gate_1", "switch_1", "loop_1", "map_1"] == [node.name for node in graph.ir.nodes]
    roles = {path.rpartition(".")[0] for path, _ in graph.named_parameters()}
    assert roles == {
        "gate_1.router.linear", "gate_1.experts.1", "switch_1.selector.linear", "switch_1.branches.1",
        "loop_1.body", "map_1.body",
    }  # fmt: skip


def test_12_an_epoch_ends_in_nested_graphs_too() -> None:
    """Their metrics are flushed under their path, and they count the epoch."""
    graph = FlowBuilder(FlowBuilder("tanh").label("inner")).build()
    graph.inner.record("loss", 2.0)
    assert {"inner.loss": 2.0} == graph.end_epoch()
    assert (1, 1) == (graph.epoch, graph.inner.epoch)


def test_13_evaluation_leaves_the_state_of_training_alone() -> None:
    """And what was left by a backward is cut off by one call, everywhere."""
    graph = remembers().build()
    x = torch.randn(2, 4)
    graph(x)
    held = graph.carried["h"]
    with graph.evaluating():
        graph(x)
    assert graph.carried["h"] is held
    for _ in range(3):
        graph(x).sum().backward()
        graph.detach_state()


def test_14_slices_of_any_rank() -> None:
    """The last dimension is cut; what does not divide is told."""
    graph = FlowBuilder().map("linear", 2, 3).slices(2).build()
    x = torch.randn(5, 6, 4)
    expected = torch.cat([graph.map_1.body(part) for part in x.chunk(2, -1)], -1)
    torch.testing.assert_close(graph(x), expected)
    with pytest.raises(ShapeError, match=r"slices\(2\) cuts the last dimension evenly"):
        graph(torch.randn(2, 5))


def test_15_a_map_over_rows_is_computed_in_one_go() -> None:
    """A body of known layers runs once for all rows, with the result of the loop."""
    graph = FlowBuilder().map("linear", 4, 3).each().build()
    x = torch.randn(50, 4)
    with torch.profiler.profile() as profile:
        graph(x)
    multiplications = [e for e in profile.key_averages() if e.key in ("aten::addmm", "aten::linear", "aten::baddbmm")]
    assert sum(event.count for event in multiplications) < 10
    torch.testing.assert_close(graph(x), torch.cat([graph.map_1.body(row) for row in x.split(1)]))


class Reads(torch.utils._python_dispatch.TorchDispatchMode):
    """Counts what the host reads of tensors, and how much."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[int] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        if func is torch.ops.aten._local_scalar_dense.default:
            self.elements.append(args[0].numel())
        return func(*args, **(kwargs or {}))


def test_16_the_host_reads_one_number_an_iteration() -> None:
    """A halt and a choice are reduced where the data are."""
    loop = FlowBuilder().loop_body("tanh").while_cond("threshold_halt", 5, threshold=9.0).build()
    switch = FlowBuilder().switch("argmax_selector", ["relu", "tanh"], dim=4).build()
    x = torch.randn(100, 4)
    with Reads() as reads:
        loop(x)
    assert [1] * 5 == reads.elements
    with Reads() as reads:
        switch(x)
    assert [1] == reads.elements


def test_17_branches_wait_for_nothing_on_the_host() -> None:
    """Independent branches are issued one after the other, without a single look at the device in between."""
    graph = FlowBuilder().split(*[ref("linear", 4, 4) for _ in range(8)]).merge("add").build()
    with Reads() as reads:
        graph(torch.randn(3, 4))
    assert [] == reads.elements


def test_18_all_faults_are_told_with_their_lines() -> None:
    """One build, every fault, each with the user's file and line."""
    flow = FlowBuilder("linaer", 4, 4)
    flow = flow.through("linear", 4)
    flow = flow.through("tanh").using("nothing")
    with pytest.raises(FlodlError) as caught:
        flow.build()
    places = [str(part.where) for part in caught.value.parts]
    assert 3 == len(set(places))
    assert all("test_weak_spots.py:" in place for place in places)


SUMMED = """
import json, torch
from flodl_graph import FlowBuilder
names = [f"t{n}" for n in range(9)]
flow = FlowBuilder().input(*names).through("state_add").using(*names).build()
torch.manual_seed(0)
print(json.dumps(flow(*torch.randn(10, 50).unbind()).tolist()))
"""


def test_19_references_are_summed_in_their_order() -> None:
    """The same number to the bit in every process, whatever its hash seed."""
    totals = set()
    for seed in ("0", "1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", SUMMED], env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        totals.add(tuple(json.loads(done.stdout)))
    torch.manual_seed(0)
    values = torch.randn(10, 50).unbind()
    expected = values[0]
    for value in values[1:]:
        expected = expected + value
    assert {tuple(expected.tolist())} == totals
