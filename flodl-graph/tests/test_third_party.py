"""A word from a plugin, in under thirty lines: `support/highway.py`, as a stranger would write it."""

from __future__ import annotations

import ast
import importlib
import pickle
from pathlib import Path

import pytest
import torch
from flodl_core import BuildError, ComponentError, components, ref
from flodl_graph import FlowBuilder, Graph
from torch import nn

SOURCE = Path(__file__).parent / "support" / "highway.py"


@pytest.fixture(autouse=True)
def highway() -> None:
    components.register(importlib.import_module("highway"), "highway")


@pytest.fixture
def graph() -> Graph:
    return FlowBuilder("linear", 4, 8).word("highway", ref("linear", 8, 8), dim=8).tag("way").label("net").build()


def test_it_takes_under_thirty_lines_of_code() -> None:
    """The declaration, the node and the module that runs; imports, blank lines and the docstring aside."""
    module = ast.parse(SOURCE.read_text())
    code = [node for node in module.body if isinstance(node, ast.ClassDef | ast.FunctionDef)]
    lines = {line for node in code for line in range(node.lineno, (node.end_lineno or 0) + 1)}
    written = [line for number, line in enumerate(SOURCE.read_text().splitlines(), 1) if number in lines and line]
    assert len(written) < 30


def test_it_builds_and_runs(graph: Graph, device: torch.device) -> None:
    """By `.word(...)` and, at a prompt, by its own name."""
    graph.to(device)
    x = torch.randn(3, 4, device=device)
    hidden = graph.linear_1(x)
    share = torch.sigmoid(graph.way.gate(hidden))
    torch.testing.assert_close(graph(x), share * graph.way.body(hidden) + (1 - share) * hidden)
    by_name = FlowBuilder("linear", 4, 8).highway(ref("linear", 8, 8), dim=8).tag("way").label("net").build()
    assert graph.ir == by_name.ir


def test_it_checks_shapes_and_arguments(graph: Graph) -> None:
    """As a word of flodl's own."""
    assert "f32[B,8]" == graph.check("f32[B,4]")
    with pytest.raises(ComponentError, match="missing a required argument: 'dim'"):
        FlowBuilder().word("highway", "tanh").build()
    with pytest.raises(AttributeError, match="did you mean 'highway'"):
        FlowBuilder().highwya("tanh", dim=3)  # type: ignore[attr-defined]
    with pytest.raises(BuildError, match="highway_1 takes no argument 'h'"):
        FlowBuilder().tag("h").word("highway", "tanh", dim=3).using("h").build()


def test_it_draws(graph: Graph) -> None:
    """With the shape that it asks for."""
    assert "highway" in graph.svg()


def test_it_hashes(graph: Graph) -> None:
    """The word and what is in it count."""
    same = FlowBuilder("linear", 4, 8).word("highway", ref("linear", 8, 8), dim=8).build()
    other = FlowBuilder("linear", 4, 8).word("highway", "tanh", dim=8).build()
    assert graph.hash == same.hash
    assert graph.hash != other.hash


def test_it_pickles(graph: Graph) -> None:
    """The node goes along as data."""
    x = torch.randn(3, 4)
    assert torch.equal(graph(x), pickle.loads(pickle.dumps(graph))(x))


def test_it_is_written_and_read(graph: Graph) -> None:
    """Its signature is its schema in TOML."""
    text = graph.to_toml()
    assert 'highway = "linear"\nargs = [8, 8]\ndim = 8\n' in text
    read = FlowBuilder.from_toml(text).build()
    assert (text, graph.ir) == (read.to_toml(), read.ir)


def test_it_exports(graph: Graph) -> None:
    """The program that torch takes out of it computes the same."""
    x = torch.randn(3, 4)
    torch.testing.assert_close(torch.export.export(graph, (x,)).module()(x), graph(x))


def test_its_parts_are_parts(graph: Graph) -> None:
    """Children are reached by role, and can be replaced."""
    assert {"way.gate.weight", "way.body.weight"} <= set(dict(graph.named_parameters()))
    graph.set_submodule("way.body", nn.Identity())
    x = torch.randn(3, 4)
    torch.testing.assert_close(graph(x), graph.linear_1(x))


def test_a_word_may_begin_with_a_list() -> None:
    """One argument, also when it is written down; what the word does not know is no name's, but a mistake."""
    components.register(importlib.import_module("chorus"), "chorus")
    flow = FlowBuilder().word("chorus", ["gelu", ref("linear", 4, 4)], times=2)
    graph = flow.build()
    text = graph.to_toml()
    assert 'chorus = ["gelu", { use = "linear", args = [4, 4] }]\ntimes = 2\n' in text
    assert graph.ir == FlowBuilder.from_toml(text).build().ir
    x = torch.randn(3, 4)
    torch.testing.assert_close(graph(x), 2 * (torch.nn.functional.gelu(x) + graph.chorus_1.voices[1](x)))
    with pytest.raises(ComponentError, match=r"chorus\(\) takes no argument 'tiems'"):
        FlowBuilder().word("chorus", ["gelu", "tanh"], tiems=2).build()
