"""What a graph in training has besides weights comes back, or nothing changes."""

from __future__ import annotations

import copy

import pytest
import torch
from flodl_core import CheckpointError
from flodl_graph import FlowBuilder


def built(device):
    """A graph in a graph; the inner one carries state and has a norm."""
    inner = (
        FlowBuilder("linear", 2, 2).through("batch_norm1d", 2).through("state_add").using("m").tag("m").label("inner")
    )
    return FlowBuilder(inner.build()).build().to(device)


def used(device):
    """The same after an epoch, and in the middle of another."""
    graph = built(device)
    graph.freeze("inner.batch_norm1d_1")
    graph.record("loss", torch.tensor(0.5, device=device))
    graph.end_epoch()
    graph(torch.ones(3, 2, device=device))
    graph.detach_state()
    graph.record({"loss": torch.tensor(0.1, device=device), "acc": 0.3}, weight=3)
    return graph


def test_a_run_comes_back(device):
    """Carried state, epoch, curves, open means, held statistics, of nested graphs too; with memory of their own."""
    graph, other = used(device), built(device)
    other.load_state_dict(graph.state_dict())
    state = graph.run_state()
    other.load_run_state(copy.deepcopy(state))
    state["graphs"]["inner."]["carried"]["m"].zero_()
    assert other.inner.carried["m"].any()
    assert (1, False) == (other.epoch, other.inner.batch_norm1d_1.training)
    for one in (graph, other):
        one.record("loss", 0.7)
    assert graph.end_epoch() == other.end_epoch()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: state["graphs"].pop("inner."), "of another graph"),
        (lambda state: state["held"].append("inner.other"), "of another graph"),
        (lambda state: state["graphs"][""]["carried"].update(x=torch.ones(1)), "carries 'x', which the graph does not"),
        (lambda state: state["graphs"]["inner."].update(epoch=-1), "the state's epoch is -1"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(change, message, device):
    """It says what differs."""
    graph, other = used(device), built(device)
    state = copy.deepcopy(graph.run_state())
    change(state)
    with pytest.raises(CheckpointError, match=message):
        other.load_run_state(state)
    assert (0, {}) == (other.epoch, other.inner.carried)


@pytest.mark.parametrize("state", [{}, {"graphs": {}}, {"graphs": 3, "held": []}, {"graphs": {"": {}}, "held": []}, []])
def test_what_is_no_state_of_a_run(state, device):
    """Told, and nothing has changed."""
    graph = used(device)
    before = graph.run_state()
    with pytest.raises(CheckpointError):
        graph.load_run_state(state)
    assert before["graphs"].keys() == graph.run_state()["graphs"].keys()
    assert before["graphs"][""]["epoch"] == graph.epoch


def test_statistics_that_were_let_go_follow_again(device):
    """A run that was saved after a thaw comes back so into a graph that begins frozen."""
    graph, other = built(device), built(device)
    other.freeze("inner.batch_norm1d_1")
    other.load_run_state(copy.deepcopy(graph.run_state()))
    other(torch.tensor([[1.0, 2.0], [3.0, 1.0]], device=device))
    assert other.inner.batch_norm1d_1.running_mean.any()


def test_a_freeze_inside_an_evaluation_holds_after_it(device):
    """And a thaw there lets go: whoever evaluates decides there."""
    graph = built(device)
    norm = graph.inner.batch_norm1d_1
    with graph.evaluating():
        graph.freeze("inner")
    assert not norm.training
    with graph.evaluating():
        graph.thaw("inner")
    assert norm.training
