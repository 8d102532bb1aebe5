"""The tree and the observation of a graph that the Rust floDl 0.2.2 built, against what it wrote down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from flodl_core import PathError, TrainingError
from flodl_graph import FlowBuilder, Graph

HERE = Path(__file__).parent / "fixtures" / "flodl"
RECORDED: dict[str, Any] = json.loads((HERE / "graph_tree.json").read_text())
PATHS: dict[str, Any] = RECORDED["paths"]


def tensor(saved: dict[str, Any], device: torch.device) -> torch.Tensor:
    return torch.tensor(saved["data"], device=device).reshape(saved["shape"])


@pytest.fixture
def graph(device: torch.device) -> Graph:
    """README's graph tree, with floDl's weights."""
    inside = FlowBuilder("linear", 4, 8).through("gelu").through("layer_norm", 8)
    scan = FlowBuilder(inside).tag("hidden").label("scan").build()
    read = FlowBuilder(FlowBuilder("linear", 8, 8).through(torch.nn.Sigmoid())).tag("confidence").label("read").build()
    encoder = FlowBuilder(scan).through(read).label("encoder").build()
    model = FlowBuilder(encoder).through("linear", 8, 3).tag("classifier").build().to(device)
    with torch.no_grad():
        for parameter, saved in zip(model.parameters(), RECORDED["named_parameters"], strict=True):
            parameter.copy_(tensor(saved, device))
    return model


@pytest.mark.parametrize("path", [path for path, found in PATHS.items() if "kind" in found])
def test_what_paths_name(graph: Graph, device: torch.device, path: str) -> None:
    """Kind, shapes of the parameters there, and the tag's value in a call."""
    graph(tensor(RECORDED["input"], device))
    recorded = PATHS[path]
    assert recorded["kind"].lower() == graph.validate_path(path)
    assert [shape for _, shape in recorded["named_parameters_at"]] == [list(p.shape) for p in graph.parameters_at(path)]
    if "tagged_at" in recorded:
        torch.testing.assert_close(graph.tagged_at(path), tensor(recorded["tagged_at"], device), atol=1e-6, rtol=0)
    else:
        with pytest.raises(PathError):
            graph.tagged_at(path)


@pytest.mark.parametrize("path", [path for path, found in PATHS.items() if "error" in found])
def test_what_names_nothing(graph: Graph, path: str) -> None:
    """Refused by both."""
    with pytest.raises(PathError):
        graph.validate_path(path)


def test_freezing(graph: Graph) -> None:
    """The same parts are frozen after the same words."""
    for moment, recorded in RECORDED["freeze"].items():
        if moment == "after freeze(encoder)":
            graph.freeze("encoder")
        if moment == "after thaw(encoder.scan)":
            graph.thaw("encoder.scan")
        if isinstance(recorded, dict):
            frozen = [not parameter.requires_grad for parameter in graph.parameters()]
            assert [value for _, value in recorded["frozen_per_parameter"]] == frozen, moment
            for path, value in recorded.items():
                if isinstance(value, bool):
                    assert value == graph.is_frozen(path), (moment, path)
    assert RECORDED["freeze"]["parameters() count after freeze"] == len(list(graph.parameters()))


def observed(graph: Graph, device: torch.device) -> None:
    """3 epochs (e) x 2 steps (s), b = e + 0.25 s: scan.loss 4 - b, read.accuracy 0.5 + 0.1 b, total_loss 8 - 2 b."""
    for epoch in range(3):
        for step in range(2):
            b = epoch + 0.25 * step
            graph.record_at("encoder.scan.loss", 4 - b)
            graph.record("encoder.read.accuracy", torch.tensor(0.5 + 0.1 * b, dtype=torch.float64, device=device))
            graph.record({"total_loss": 8 - 2 * b})
        graph.end_epoch()


def test_observation(graph: Graph, device: torch.device) -> None:
    """Means, trends, metrics and the number of epochs are floDl's, to the bit."""
    observed(graph, device)
    recorded = RECORDED["observation"]
    assert recorded["latest_metrics_sorted"] == sorted(map(list, graph.latest_metrics().items()))
    for key, values in recorded.items():
        if key.startswith("trend_at "):
            assert values == list(graph.trend_at(key.split()[1]).values), key
    assert recorded["flush_count"] == graph.epoch == len(graph.timing_trend())


def test_exported_trends(graph: Graph, device: torch.device, tmp_path: Path) -> None:
    """The same bytes."""
    observed(graph, device)
    graph.export_trends(tmp_path / "trends.csv", ["total_loss"])
    assert (HERE / "graph_tree.trends.csv").read_bytes() == (tmp_path / "trends.csv").read_bytes()


def test_collecting_what_is_no_number(graph: Graph, device: torch.device) -> None:
    """Refused by both, with the shape and what to do."""
    assert "has shape [4, 8]" in RECORDED["observation"]["collect_at encoder.scan.hidden error (non scalar)"]
    graph(tensor(RECORDED["input"], device))
    with pytest.raises(TrainingError, match=r"tag 'encoder.scan.hidden' has shape \[4, 8\], which is not one number"):
        graph.collect_at("encoder.scan.hidden")


def test_the_summary_shows_the_same_tree(graph: Graph) -> None:
    """Each graph at the same depth, in the same order, with its tags; what is frozen said so."""
    graph.freeze("encoder")
    recorded = RECORDED["freeze"]["tree_summary after freeze(encoder)"].partition("\n\n")[0].splitlines()[1:]
    names = [
        line.replace("|", " ").replace("+--", "   ").partition(" [hash")[0] for line in recorded if "[hash" in line
    ]
    lines = graph.tree_summary().splitlines()[1:]
    ours = [line.replace("|", " ").replace("+--", "   ").partition(" [")[0] for line in lines if " [" in line]
    assert [name.strip() for name in names] == [name.strip() for name in ours] == ["(root)", "encoder", "scan", "read"]
    depths = [len(name) - len(name.lstrip()) for name in names]
    assert [max(depth, 0) for depth in depths] == [len(name) - len(name.lstrip()) for name in ours]
    assert ["classifier", "hidden", "confidence"] == [
        line.partition("tags: ")[2].strip() for line in lines if "tags" in line
    ]
    assert 3 == sum("frozen" in line for line in lines)
