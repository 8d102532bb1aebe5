"""The word in a flow: whatever holds for flodl's own words holds for it."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import pytest
import torch
from flodl_core import BuildError, ComponentError, ShapeError, components, ref
from flodl_core.testing import exercise
from flodl_graph import FlowBuilder
from flodl_graph import load as load_graph
from flodl_graph.testing import CHECKS
from flodl_moe import Moe
from torch import nn

EXPERT = FlowBuilder("linear", 16, 32).through("gelu").through("linear", 32, 16)


def flow(**options):
    return FlowBuilder("linear", 8, 16).moe([EXPERT] * 4, dim=16, **options).tag("mix")


@pytest.mark.parametrize("capacity", [None, 1.25])
def test_it_builds_and_runs_by_either_spelling(capacity, device):
    """By `.word(...)` and by its own name; an expert may be a name, a module or a function too."""
    torch.manual_seed(0)
    graph = flow(capacity=capacity).build("f32[B,8]").to(device)
    x = torch.randn(5, 3, 8, device=device)
    assert graph(x).shape == (5, 3, 16)
    by_word = FlowBuilder("linear", 8, 16).word("moe", [EXPERT] * 4, dim=16, capacity=capacity).tag("mix").build()
    assert by_word.ir == graph.ir
    mixed = FlowBuilder().moe(["gelu", nn.Linear(8, 8), torch.tanh, ref("linear", 8, 8)], dim=8, capacity=capacity)
    assert mixed.build().to(device)(x).shape == x.shape


def test_each_place_has_its_own_expert():
    """Of a recipe that stands four times there are four modules, at paths that say their role."""
    graph = flow().build()
    assert {f"mix.experts.{i}.linear_1" for i in range(4)} | {"mix.router.linear"} <= set(graph.paths())
    assert graph.mix.experts[0] is not graph.mix.experts[1]
    assert graph.get_submodule("mix.experts.0.linear_1").weight.shape == (32, 16)


def test_weights_index_and_losses_are_tags(device):
    """An objective adds them from there, with gradients."""
    tags = {"weights": "w", "index": "routes", "balance_loss": "balance", "z_loss": "z", "load": "load", "dropped": "d"}
    graph = FlowBuilder().moe(["gelu", ref("linear", 8, 8), "tanh"], dim=8, capacity=1.0).tag("mix", **tags).build()
    graph.to(device)(torch.randn(6, 4, 8, device=device))
    assert graph.tagged("routes").shape == graph.tagged("w").shape == (6, 4, 2)
    assert graph.tagged("load").sum().item() == pytest.approx(1.0)
    (graph.tagged("balance") + graph.tagged("z")).backward()
    assert graph.mix.router.linear.weight.grad.any()
    assert graph.tagged("d").shape == ()


def test_using_speaks_to_the_router(device):
    """As in a gate."""
    graph = FlowBuilder("linear", 8, 8).tag("seen").through("tanh").moe(["gelu", "relu"], dim=8).using("seen").build()
    graph, x = graph.to(device), torch.randn(5, 8, device=device)
    seen = graph.seen(x)
    torch.testing.assert_close(graph(x), graph.moe_1(seen.tanh(), seen=seen))
    assert not graph(x).equal(graph.moe_1(seen.tanh()))
    assert Moe.addressed(graph.moe_1) is graph.moe_1.router


@pytest.mark.parametrize(
    ("experts", "options", "message"),
    [
        (["gelu"], {}, r"moe\(\) chooses among at least 2 experts, got 1\n  at: .*test_word.py.*\n  try: use through"),
        (["gelu", "relu"], {"top_k": 3}, r"moe\(\) cannot choose 3 of 2 experts\n  at: .*\n  try: top_k=2"),
        (["gelu", "relu"], {"top_k": 0}, "top_k counts the experts of a token, got 0"),
        (["gelu", "relu"], {"dim": 0}, "dim counts the features of a token, got 0"),
        (["gelu", "relu"], {"capacity": 0.0}, "capacity is how many times its even share an expert takes, got 0.0"),
        ("gelu", {}, "a list of modules is due, got 'gelu'"),
    ],
)
def test_what_makes_no_mixture_is_said(experts, options, message):
    """With the user's line, and how to mend it."""
    with pytest.raises(BuildError, match=message):
        FlowBuilder().moe(experts, **{"dim": 8, **options}).build()


def test_other_mistakes_are_told_as_of_any_word():
    """An unknown argument, one of another type, an expert that does not fit, tokens of another size."""
    with pytest.raises(ComponentError, match=r"moe\(\): argument 'capacity' is None or float, got True"):
        FlowBuilder().moe(["gelu", "relu"], dim=8, capacity=True).build()
    with pytest.raises(ComponentError, match=r"moe\(\) takes no argument 'topk'\n.*\n  try: did you mean 'top_k'"):
        FlowBuilder().moe(["gelu", "relu"], dim=8, topk=1).build()
    for capacity in (None, 1.0):
        with pytest.raises(ShapeError, match=r"moe_1\.experts\.1, Linear\(.*\), does not fit"):
            FlowBuilder().moe(["gelu", ref("linear", 9, 8)], dim=8, capacity=capacity).build("f32[B,8]")
    with pytest.raises(ShapeError, match=r"moe_1\.router\.linear, Linear\(.*\), does not fit \[3,7\]"):
        FlowBuilder().moe(["gelu", "relu"], dim=8).build()(torch.ones(3, 7))


@pytest.mark.parametrize("options", [{}, {"top_k": 1, "capacity": 1.25, "noisy": True}])
def test_words_go_to_toml_and_back(options):
    """A graph from its own text is the same graph."""
    graph = flow(**options).tag(balance_loss="balance").build()
    text = graph.to_toml()
    again = FlowBuilder.from_toml(text).build()
    assert (graph.ir, graph.hash, text) == (again.ir, again.hash, again.to_toml())
    assert all(f"{key} = {str(value).lower()}\n" in text for key, value in options.items())


def test_what_it_is_counts_in_the_hash():
    """How many experts, how many of them, and how they are reached."""
    graphs = [flow(), flow(top_k=1), flow(capacity=1.0), flow(noisy=True)]
    assert len({each.build().hash for each in graphs}) == 4


@pytest.mark.parametrize("capacity", [None, 1.25])
def test_copies_and_files_give_the_same(capacity, tmp_path, device):
    """By deepcopy, by pickle, and built again from a checkpoint alone."""
    graph = flow(capacity=capacity).build().to(device)
    x = torch.randn(9, 8, device=device)
    graph.save_checkpoint(tmp_path / "moe.safetensors")
    others = copy.deepcopy(graph), pickle.loads(pickle.dumps(graph)), load_graph(tmp_path / "moe.safetensors")
    assert all(graph(x).equal(other.to(device)(x)) for other in others)


def test_it_draws():
    """The router beside the experts, and how many of them count."""
    drawing = flow().build().svg()
    assert "mixture of experts" in drawing
    assert "2 of 4" in drawing
    assert 'data-path="mix.router"' in drawing


@pytest.mark.skipif(torch.__version__ < (2, 7), reason="torch 2.6 exports no size that is rounded up")
def test_a_capacity_exports(device):
    """For batches of any size; counting does not, since its shapes are data's."""
    graph = flow(capacity=1.25).build().to(device)
    x, other = torch.randn(12, 8, device=device), torch.randn(31, 8, device=device)
    batch = torch.export.Dim("batch", min=2)
    program = torch.export.export(graph, (x,), dynamic_shapes={"x": {0: batch}}).module()
    torch.testing.assert_close(program(x), graph(x))
    torch.testing.assert_close(program(other), graph(other))


def test_it_keeps_what_words_promise(device):
    """The contract suite that flodl's own words pass."""
    results = list(exercise(components.find("word", "moe"), device=device.type, more=CHECKS))
    assert [] == [str(result) for result in results if result.outcome != "passed"]


def test_it_is_found_by_name_without_importing_torch():
    """With its distribution."""
    found = components.find("word", "moe")
    assert found.qualified == "flodl-moe/moe"
    assert found.load() is Moe
    code = "import sys, flodl_moe, flodl_moe.plugin as p; list(p.flodl_words()); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
