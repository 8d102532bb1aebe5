"""Nothing to compute, or nothing to learn: batches of no row, graphs without a parameter."""

from __future__ import annotations

import pytest
import torch
from flodl_core import ref
from flodl_graph import FlowBuilder
from torch import Tensor, nn

LINEAR = ref("linear", 4, 4)


class Halved(nn.Module):
    """Half of the features."""

    def forward(self, x: Tensor) -> Tensor:
        return x[..., ::2]


@pytest.mark.parametrize(
    ("flow", "width"),
    [
        (FlowBuilder().map("linear", 4, 6).each(), 6),
        (FlowBuilder().map(Halved()).slices(2), 2),
        (FlowBuilder().map(Halved()).batched().each(), 2),
        (FlowBuilder().gate("softmax_router", [LINEAR, "relu"], dim=4), 4),
        (FlowBuilder().switch("argmax_selector", ["relu", "tanh"], dim=4), 4),
        (FlowBuilder().switch("argmax_selector", ["relu", "tanh"], dim=4, per="sample"), 4),
        (FlowBuilder().loop_body(LINEAR).for_n(2), 4),
        (FlowBuilder().loop_body(LINEAR).while_cond("threshold_halt", 3, threshold=1.0), 4),
        (FlowBuilder().loop_body(LINEAR).until_cond("threshold_halt", 3, threshold=1.0, per="sample"), 4),
        (FlowBuilder().loop_body(LINEAR).until_cond("learned_halt", 3, dim=4, per="sample", every=2), 4),
        (FlowBuilder().loop_body(LINEAR).while_cond("learned_halt", 3, dim=4), 4),
        (FlowBuilder("state_add").using("m").tag("m"), 4),
    ],
)
def test_a_batch_of_no_row(flow: FlowBuilder, width: int, device: torch.device) -> None:
    """What comes out has no row either, and as many features as that of a batch of three."""
    graph = flow.build().to(device)
    assert (3, width) == graph(torch.randn(3, 4, device=device)).shape
    graph.reset_state()
    assert (0, width) == graph(torch.randn(0, 4, device=device)).shape


def test_an_empty_batch_wants_to_stop() -> None:
    """As every one of its rows does: a loop's body does not run once."""
    graph = FlowBuilder().loop_body("tanh").while_cond("threshold_halt", 5, threshold=1.0).tag(steps="steps").build()
    graph(torch.zeros(0, 4))
    assert 0 == graph.tagged("steps")


def test_a_graph_that_has_nothing_to_learn() -> None:
    """All that is asked of it has an answer: of nothing."""
    graph = FlowBuilder("relu").tag("t").build()
    graph.freeze()
    assert graph.is_frozen()
    graph.thaw()
    assert [] == graph.parameters_at("") == graph.trainable_parameters() == graph.param_groups({})
    assert graph.param_summary().splitlines()[-1].split()[:2] == ["total", "0"]
    assert "t" in graph.tree_summary()
