"""Parts by dotted path: frozen, thawed, grouped, loaded - and frozen means frozen."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from flodl_core import CheckpointError, PathError
from flodl_graph import FlowBuilder, Graph


@pytest.fixture
def graph() -> Graph:
    scan = FlowBuilder("linear", 4, 8).tag("hidden").through("batch_norm1d", 8).label("scan").build()
    read = FlowBuilder("linear", 8, 8).tag("confidence").label("read").build()
    encoder = FlowBuilder(scan).through(read).label("encoder").build()
    gated = FlowBuilder(encoder).gate("softmax_router", [FlowBuilder("linear", 8, 8).label("expert"), "tanh"], dim=8)
    return gated.through("linear", 8, 3).tag("classifier").label("model").build()


def test_label_paths_are_module_paths(graph: Graph) -> None:
    """Prefixes of `state_dict` keys, that `get_submodule` agrees with, through every word."""
    assert "encoder.scan.hidden" in graph.paths()
    assert "gate_1.experts.0.linear_1" in graph.paths()
    assert all(graph.get_submodule(path) is not None for path in graph.paths())
    assert {"encoder.scan.hidden.weight", "encoder.scan.hidden.bias"} == set(
        graph.named_parameters_at("encoder.scan.hidden")
    )


def test_paths_end_in_parameters_and_globs_work(graph: Graph) -> None:
    """A parameter's own name, all biases, everything below a part."""
    assert [graph.classifier.bias] == graph.parameters_at("classifier.bias")
    assert all(name.endswith("bias") for name in graph.named_parameters_at("*.bias"))
    assert len(graph.parameters_at("encoder")) == len(graph.parameters_at("encoder.*"))


def test_a_wrong_path_says_the_nearest(graph: Graph) -> None:
    """Told for every method that takes a path."""
    for method in (graph.freeze, graph.thaw, graph.is_frozen, graph.parameters_at):
        with pytest.raises(PathError, match=r"did you mean 'encoder.scan'"):
            method("encoder.scna")


def train(graph: Graph, optimizer: torch.optim.Optimizer, steps: int) -> None:
    for _ in range(steps):
        optimizer.zero_grad(set_to_none=True)
        graph(torch.randn(16, 4)).square().mean().backward()
        optimizer.step()


def test_frozen_parts_do_not_move(graph: Graph) -> None:
    """Parameters and running statistics stay to the bit; everything else learns."""
    graph.freeze("encoder.scan")
    graph.train()
    before = copy.deepcopy(graph.state_dict())
    train(graph, torch.optim.AdamW(graph.trainable_parameters(), lr=0.1, weight_decay=0.1), steps=20)
    for name, value in graph.state_dict().items():
        assert name.startswith("encoder.scan") == torch.equal(before[name], value), name
    assert graph.is_frozen("encoder.scan")
    assert not graph.is_frozen("encoder")


def test_statistics_may_go_on_following_the_data(graph: Graph) -> None:
    """`stats="track"` freezes the weights alone; `thaw` undoes both."""
    graph.freeze("encoder.scan", stats="track")
    norm = graph.encoder.scan.batch_norm1d_1
    before = norm.running_mean.clone()
    graph(torch.randn(16, 4))
    assert not torch.equal(before, norm.running_mean)
    graph.freeze("encoder")
    held = norm.running_mean.clone()
    graph.train()(torch.randn(16, 4))
    assert torch.equal(held, norm.running_mean)
    graph.thaw("encoder")
    graph(torch.randn(16, 4))
    assert not torch.equal(held, norm.running_mean)
    assert not graph.is_frozen("encoder.scan")


def test_frozen_statistics_survive_a_copy(graph: Graph) -> None:
    """A copied graph holds still what the original held still."""
    graph.freeze("encoder")
    twin = copy.deepcopy(graph).train()
    before = twin.encoder.scan.batch_norm1d_1.running_mean.clone()
    twin(torch.randn(16, 4))
    assert torch.equal(before, twin.encoder.scan.batch_norm1d_1.running_mean)


def test_param_groups_are_a_cascade(graph: Graph) -> None:
    """Later patterns win; frozen parameters are left out; what no pattern names comes first."""
    graph.freeze("encoder.read")
    groups = graph.param_groups({"encoder": 1e-4, "classifier": 1e-3, "*.bias": {"weight_decay": 0.0}})
    assert "lr" not in groups[0]
    by_parameter = {
        id(p): {k: v for k, v in group.items() if k != "params"} for group in groups for p in group["params"]
    }
    assert {"lr": 1e-4, "weight_decay": 0.0} == by_parameter[id(graph.encoder.scan.hidden.bias)]
    assert {"lr": 1e-3} == by_parameter[id(graph.classifier.weight)]
    assert id(graph.encoder.read.confidence.weight) not in by_parameter
    assert len(by_parameter) == len(graph.trainable_parameters())
    torch.optim.AdamW(groups, lr=1e-2)


def test_a_part_trained_alone_is_loaded_into_the_whole(graph: Graph, tmp_path: Path) -> None:
    """The encoder's file fits at `encoder`, and is refused elsewhere."""
    alone = copy.deepcopy(graph.encoder)
    with torch.no_grad():
        for parameter in alone.parameters():
            parameter.add_(1)
    alone.save_checkpoint(tmp_path / "encoder.safetensors")
    graph.load_subgraph_checkpoint("encoder", tmp_path / "encoder.safetensors")
    assert all(torch.equal(a, b) for a, b in zip(alone.parameters(), graph.encoder.parameters(), strict=True))
    with pytest.raises(CheckpointError):
        graph.load_subgraph_checkpoint("encoder.scan", tmp_path / "encoder.safetensors")
    with pytest.raises(PathError, match="did you mean 'encoder'"):
        graph.load_subgraph_checkpoint("encodr", tmp_path / "encoder.safetensors")


def test_what_a_path_names(graph: Graph) -> None:
    """A labelled graph, a tag, a module, a parameter; through every word."""
    kinds = {
        "encoder.scan": "subgraph",
        "gate_1.experts.0": "subgraph",
        "encoder.scan.hidden": "tag",
        "gate_1.experts": "module",
        "classifier.weight": "parameter",
    }
    assert kinds == {path: graph.validate_path(path) for path in kinds}


@pytest.mark.parametrize(
    ("path", "mend"),
    [("hidden", "did you mean 'encoder.scan.hidden'"), ("clasifier", "did you mean 'classifier'"), ("*.bias", "globs")],
)
def test_what_names_no_part(graph: Graph, path: str, mend: str) -> None:
    """Told with where such a name is."""
    with pytest.raises(PathError) as caught:
        graph.validate_path(path)
    assert mend in (caught.value.mend or "")


@pytest.mark.parametrize("path", [3, None])
def test_a_path_is_text(graph: Graph, path: object) -> None:
    """Whatever is asked of it."""
    for ask in (graph.validate_path, graph.freeze, graph.parameters_at, graph.set_training_at, graph.trend):
        with pytest.raises(PathError, match="a path is text"):
            ask(path)  # type: ignore[operator]


def test_a_label_inside_a_loop_leads_to_its_role() -> None:
    """There children go by role; who remembers the label is shown the way."""
    refine = FlowBuilder("linear", 4, 4).through("batch_norm1d", 4).label("refine")
    graph = FlowBuilder("linear", 4, 4).loop_body(refine).for_n(2).tag("refined").build()
    with pytest.raises(PathError, match=r"did you mean 'refined\.body'\?"):
        graph.validate_path("refined.refine")
    with pytest.raises(PathError, match="names a buffer"):
        graph.validate_path("refined.body.batch_norm1d_1.running_var")
    with pytest.raises(PathError, match=r"did you mean 'linear_1' or 'refined\.body\.linear_1'\?"):
        graph.validate_path(".linear_1")


def test_further_tags_are_aliases_in_paths() -> None:
    """A node that has two tags is reached by either, for everything that takes a path."""
    graph = FlowBuilder("linear", 2, 2).tag("first").tag("again").through("linear", 2, 1).label("net").build()
    assert graph.parameters_at("first") == graph.parameters_at("again")
    assert [graph.first.bias] == graph.parameters_at("again.bias")
    graph.freeze("again")
    assert graph.is_frozen("first")
    outer = FlowBuilder(graph).build()
    assert [graph.first.bias] == outer.parameters_at("net.again.bias")
    with pytest.raises(PathError):
        outer.parameters_at("again")


def test_a_graph_inside_by_its_path(graph: Graph) -> None:
    """The one that is there, also by an alias and in a loop; what is no graph is told."""
    assert graph.encoder.scan is graph.subgraph("encoder.scan")
    assert graph is graph.subgraph("")
    body = FlowBuilder("linear", 2, 2).label("body")
    looped = FlowBuilder().loop_body(body).for_n(2).tag("turns").build()
    assert looped.turns.body is looped.subgraph("turns.body")
    assert graph.encoder is FlowBuilder(graph.encoder).tag("e").build().subgraph("e")
    for wrong in ("encodr", "classifier"):
        with pytest.raises(PathError, match=f"there is no graph at {wrong!r}\n  try: "):
            graph.subgraph(wrong)


def test_a_tag_on_a_labelled_graph_is_its_alias() -> None:
    """The label names the node; the tag leads there too, for whatever takes a path or a dotted name."""
    scan = FlowBuilder("linear", 2, 2).tag("hidden").split("tanh", "relu").tag_group("head").merge("add").label("scan")
    encoder = FlowBuilder(scan).tag("s").label("encoder").build()
    model = FlowBuilder(encoder).tag("e").through("linear", 2, 1).build()
    model(torch.randn(3, 2))
    hidden = model.tagged("encoder.scan.hidden")
    assert hidden is model.tagged("e.s.hidden")
    assert ["tag", "tag", "parameter"] == [model.validate_path(p) for p in ("e.s", "e.s.hidden", "e.s.hidden.bias")]
    assert model.parameters_at("encoder.scan") == model.parameters_at("e.s")
    assert model.parameters_at("encoder.*") == model.parameters_at("e.*")
    assert 3 == len(model.param_groups({"e.s": 0.1, "e.s.hidden.bias": 0.2}))
    model.observe("e.s.head")
    assert ("head_0", "head_1") == encoder.scan._observed
    model.record({"e.s.loss": 1.0, "encoder.scan.loss": 3.0})
    assert {"encoder.scan.loss": 2.0} == model.flush("e.s.loss")
    assert [2.0] == list(model.trend("e.s.loss").values)
    with pytest.raises(PathError, match=r"did you mean 'encoder.scan.hidden'"):
        model.validate_path("e.s.hiden")


def test_a_part_is_set_to_evaluate_alone(graph: Graph) -> None:
    """The rest trains on; what is frozen holds its statistics whatever is said."""
    graph.train()
    graph.set_training_at("encoder", False)
    assert not any(module.training for module in graph.encoder.modules())
    assert graph.classifier.training
    graph.freeze("encoder.scan")
    graph.set_training_at("encoder")
    assert graph.encoder.read.training
    assert not graph.encoder.scan.batch_norm1d_1.training
    with pytest.raises(PathError, match="did you mean 'encoder'"):
        graph.set_training_at("encodr")


def test_summaries_of_the_tree(graph: Graph) -> None:
    """Labelled graphs under the one they are in, through whatever words; elements, bytes, and what trains."""
    graph.freeze("encoder.scan")
    lines = graph.tree_summary().splitlines()
    width = lines[0].index("  parameters")
    scan_line = f"|   +-- scan [{graph.encoder.scan.hash[:8]}]"
    assert [
        "Graph tree",
        f"model [{graph.hash[:8]}]",
        "|   tags: classifier",
        f"+-- encoder [{graph.encoder.hash[:8]}]",
        scan_line,
        "|   |       tags: hidden",
        f"|   +-- read [{graph.encoder.read.hash[:8]}]",
        "|           tags: confidence",
        f"+-- gate_1.experts.0 [{graph.gate_1.experts[0].hash[:8]}]",
    ] == [line[:width].rstrip() for line in lines]
    assert ["56", "224", "B", "frozen"] == lines[4].removeprefix(scan_line).split()
    scan, every = graph.parameters_at("encoder.scan"), list(graph.parameters())
    elements = sum(p.numel() for p in every)
    held = sum(p.numel() for p in scan)
    assert ["total", f"{elements:,}", f"{elements * 4}", "B", f"{elements - held:,}"] == (
        graph.param_summary().splitlines()[-1].split()
    )


def test_shared_parameters_are_counted_once() -> None:
    """Where they come first."""
    layer = torch.nn.Linear(2, 2)
    first, second = (FlowBuilder(layer).label(name).build() for name in ("first", "second"))
    rows = FlowBuilder(first).through(second).build().param_summary().splitlines()
    assert [["first", "6"], ["total", "6"]] == [row.split()[:2] for row in rows[1:]]


def test_what_is_internal_is_not_shown() -> None:
    """To its own graph it is a tag like any other; nobody outside sees it or can name it."""
    inner = FlowBuilder("linear", 2, 2).tag("secret").through("linear", 2, 2).tag("open").internal("secret")
    graph = inner.label("inner").build()
    outer = FlowBuilder(graph).build()
    assert "tags: secret, open" in graph.tree_summary()
    assert "tags: open" in outer.tree_summary()
    assert "tag" == graph.validate_path("secret")
    for path in ("inner.secret", "inner.secret.weight"):
        with pytest.raises(PathError, match=f"'{path}' is internal to 'inner'"):
            outer.validate_path(path)
