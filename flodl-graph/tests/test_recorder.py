"""Numbers recorded in an epoch become one weighted mean per name, checked against numpy."""

from __future__ import annotations

import weakref

import numpy as np
import pytest
import torch
from flodl_core import TrainingError
from flodl_graph import FlowBuilder, Graph


@pytest.fixture
def graph() -> Graph:
    return FlowBuilder("linear", 2, 2).label("net").build()


def test_the_mean_is_weighted(graph: Graph, device: torch.device) -> None:
    """Floats and tensors alike, in float64."""
    values, weights = np.random.default_rng(0).normal(size=(2, 200))
    weights = np.abs(weights) + 0.1
    for value, weight in zip(values, weights, strict=True):
        graph.record("float", float(value), weight=float(weight))
        graph.record({"tensor": torch.tensor(value, device=device)}, prefix="val_", weight=float(weight))
    expected = float(np.average(values, weights=weights))
    assert {"float": pytest.approx(expected), "val_tensor": pytest.approx(expected)} == graph.flush()


def test_end_epoch_counts_and_returns_the_latest(graph: Graph) -> None:
    """A name not recorded in an epoch keeps its last mean."""
    graph.record("a", 1.0)
    graph.record("b", 2.0)
    assert {"a": 1.0, "b": 2.0} == graph.end_epoch()
    graph.record("a", 3.0)
    assert {"a": 3.0, "b": 2.0} == graph.end_epoch()
    assert 2 == graph.epoch
    assert [(0, 1.0), (1, 3.0)] == graph._recorder.history["a"]


def test_a_second_flush_in_one_epoch_makes_no_second_point(graph: Graph, device: torch.device) -> None:
    """The point is the mean of all that the epoch recorded, before and after, floats and tensors."""
    graph.record("a", 1.0)
    graph.flush()
    graph.record("a", torch.tensor(5.0, device=device), weight=3.0)
    assert {"a": 4.0} == graph.flush()
    assert {} == graph.flush()
    assert {"a": 4.0} == graph.end_epoch()
    graph.record("a", 2.0)
    graph.end_epoch()
    assert [(0, 4.0), (1, 2.0)] == graph._recorder.history["a"]


def test_nested_graphs_report_under_their_path() -> None:
    """Dotted names follow the tree, and the epoch is the root's."""
    inner = FlowBuilder("gelu").label("encoder").build()
    outer = FlowBuilder(inner).through("relu").build()
    inner.record("loss", 2.0)
    outer.record("loss", 1.0)
    assert {"loss": 1.0, "encoder.loss": 2.0} == outer.end_epoch()
    assert 1 == inner.epoch


def test_recording_detaches(graph: Graph, device: torch.device) -> None:
    """A recorded loss keeps no graph of gradients alive."""
    hidden = graph.to(device)(torch.ones(1, 2, device=device))
    history, loss = weakref.ref(hidden), (hidden * hidden).sum()  # a product's history holds its factors
    graph.record("loss", loss)
    graph.record({"loss": loss, "again": loss})
    del hidden, loss
    assert history() is None
    assert {"loss", "again"} == graph.flush().keys()


def test_what_is_on_the_host_already_is_counted_there(graph: Graph, device: torch.device) -> None:
    """A tensor of the CPU costs no kernel at each record; one of a GPU is not waited for."""
    for value in (torch.tensor(1.5, device=device), torch.tensor([2.5], device=device, dtype=torch.float64)):
        graph.record("loss", value)
        graph.record({"loss": value}, prefix="val_")
    sums = {name: [total.device.type for total in mean.sums.values()] for name, mean in graph._recorder.means.items()}
    expected = [] if device.type == "cpu" else [device.type]
    assert {"loss": expected, "val_loss": expected} == sums
    assert {"loss": 2.0, "val_loss": 2.0} == graph.flush()


def test_several_at_once_are_counted_or_none(graph: Graph) -> None:
    """A value that is no number stops the others too, however often all were recorded before."""
    graph.record({"a": 1.0, "b": 2.0, "c": 3.0})
    for wrong in ("high", None, torch.zeros(2)):
        with pytest.raises(TrainingError, match="record"):
            graph.record({"a": 5.0, "b": wrong, "c": 5.0})
    with pytest.raises(TrainingError, match="weighs by a positive number"):
        graph.record({"a": 5.0, "b": 5.0, "c": 5.0}, weight=0.0)
    assert {"a": 1.0, "b": 2.0, "c": 3.0} == graph.flush()


@pytest.mark.parametrize(
    ("value", "weight", "what"),
    [
        (torch.zeros(3), 1.0, r"record\('a'\) takes one number, got shape \[3\]"),
        ("high", 1.0, r"record\('a'\) takes a float or a tensor, got str"),
        (1.0, 0.0, r"record\(\) weighs by a positive number, got 0.0"),
    ],
)
def test_wrong_values_change_nothing(graph: Graph, value: object, weight: float, what: str) -> None:
    """Told at once; what was recorded before stands."""
    graph.record("a", 1.0)
    with pytest.raises(TrainingError, match=what):
        graph.record({"b": 1.0, "a": value}, weight=weight)  # type: ignore[dict-item]
    assert {"a": 1.0} == graph.flush()
