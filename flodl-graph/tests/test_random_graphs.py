"""Random graphs over all words: what is built means what the words say, in every way that can be asked."""

from __future__ import annotations

from typing import Any

import torch
from flodl_graph import FlowBuilder, Graph
from flodl_graph.text.toml import write_toml
from hypothesis import HealthCheck, given, note, settings
from interpreter import Interpreter
from random_flows import WIDTH, flows
from torch import Tensor

CALLS, ROWS = 3, 3
SETTINGS = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def same(ours: Tensor, theirs: Tensor) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-9, equal_nan=True, check_dtype=False)


def gradients(outputs: list[Tensor], leaves: list[Tensor]) -> tuple[Tensor | None, ...]:
    loss = sum((output * output).sum() for output in outputs)
    if not (isinstance(loss, Tensor) and loss.requires_grad):
        return (None,) * len(leaves)
    return torch.autograd.grad(loss, leaves, allow_unused=True)


@settings(SETTINGS, max_examples=1000)
@given(flows())
def test_a_graph_means_what_its_words_say(builder: FlowBuilder) -> None:
    """Outputs, tagged values and carried state of three calls, all gradients through them, and the way through TOML."""
    said = builder.flow()
    note(write_toml(said))
    torch.manual_seed(0)
    graph = builder.build().double()
    interpreter = Interpreter(said, graph)
    calls = [[torch.randn(ROWS, WIDTH, dtype=torch.float64) for _ in graph.ir.inputs] for _ in range(CALLS)]
    leaves = [x.requires_grad_() for inputs in calls for x in inputs] + list(graph.parameters())
    results: list[Any] = []
    for inputs in calls:
        results.append((graph(*inputs), interpreter(*inputs)))
        same(*results[-1])
        same_tags_and_state(interpreter)
    for mine, other in zip(*(gradients(list(outputs), leaves) for outputs in zip(*results, strict=True)), strict=True):
        assert (mine is None) == (other is None) or (mine if mine is not None else other).abs().max() == 0
        if mine is not None and other is not None:
            same(mine, other)
    same_through_toml(graph, calls[0])


@settings(SETTINGS, max_examples=100)
@given(flows(), flows())
def test_the_hash_tells_graphs_apart(one: FlowBuilder, other: FlowBuilder) -> None:
    """The same words hash the same, whatever the weights; other words, or one more, do not."""
    first, second = one.build(), other.build()
    assert first.hash == one.build().hash
    assert (first.structure == second.structure) == (first.hash == second.hash)
    assert first.hash != one.through("tanh").build().hash


def same_tags_and_state(interpreter: Interpreter) -> None:
    for inner in interpreter.family():
        graph: Any = inner.graph
        for tag, value in inner.tags.items():
            same(graph.kept[tag] if isinstance(graph.kept[tag], Tensor) else torch.tensor(graph.kept[tag]), value)
        for tag, value in graph.carried.items():
            same(value, inner.tags[tag])


def same_through_toml(graph: Graph, inputs: list[Tensor]) -> None:
    """Read from its own text, with the same weights and the same past, it is the same graph."""
    text = graph.to_toml()
    read = FlowBuilder.from_toml(text).build().double()
    assert text == read.to_toml()
    assert graph.ir == read.ir
    assert graph.hash == read.hash
    read.load_state_dict(graph.state_dict())
    read.load_run_state(graph.run_state())
    with torch.no_grad():
        same(read(*inputs), graph(*inputs))
