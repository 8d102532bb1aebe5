"""The generated forward: how it reads, what it frees, where tracebacks stop, and that it is right."""

from __future__ import annotations

import gc
import linecache
import random
import traceback
import weakref
from typing import Any

import pytest
import torch
from flodl_core import ref
from flodl_graph import FlowBuilder, Graph
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn


def bare(graph: Graph) -> str:
    """The code without the places beside it."""
    return "\n".join(line.split("#")[0].rstrip() for line in graph.code.splitlines())


def test_it_reads_like_the_forward_a_person_would_write() -> None:
    """The stream stays `x`; what is tagged or waits beside the stream has its own name."""
    graph = (
        FlowBuilder("linear", 8, 16)
        .tag("hidden")
        .through("gelu")
        .also("linear", 16, 16)
        .split(ref("linear", 16, 4), ref("linear", 16, 4))
        .merge("mean")
        .through(lambda x, hidden: x + hidden[:, :4])
        .using("hidden")
        .through("tanh")
        .build()
    )
    expected = """\
def forward(self, x):
    hidden = self.hidden(x)
    x = self.gelu_1(hidden)
    x = x + self.linear_2(x)
    linear_3 = self.linear_3(x)
    linear_4 = self.linear_4(x)
    del x
    x = self.mean_1(linear_3, linear_4)
    del linear_3, linear_4
    x = self.function_1(x, hidden=hidden)
    x = self.tanh_1(x)
    flodl.keep(self, hidden=hidden)
    return x"""
    assert expected == bare(graph)
    graph.observe()
    assert "    del hidden\n    x = self.tanh_1(x)\n    return x" in bare(graph)


def test_each_line_carries_the_place_that_asked_for_it() -> None:
    """The user's own file and line stand beside the line."""
    graph = FlowBuilder("gelu").build()
    assert "# test_source.py:" in graph.code.splitlines()[1]


def test_a_traceback_shows_the_generated_line() -> None:
    """A failing node is found in the traceback by its own line of source."""
    graph = FlowBuilder("linear", 2, 3).tag("wide").through("linear", 4, 1).tag("narrow").build()
    with pytest.raises(RuntimeError) as failure:
        graph(torch.randn(1, 2))
    shown = "".join(traceback.format_exception(failure.value))
    assert "narrow = self.narrow(wide)" in shown


def test_a_text_outlives_its_graph_until_another_comes() -> None:
    """Who walks over the texts, to print a traceback, meets none that is taken away meanwhile."""
    graph = FlowBuilder("linear", 2, 2).label("shortlived").build()
    file = next(file for file in linecache.cache if file.startswith("<flodl graph shortlived "))
    walk = iter(linecache.cache)
    next(walk)
    del graph
    gc.collect()
    assert file in linecache.cache
    assert file in list(walk)
    FlowBuilder("linear", 2, 2).build()
    assert file not in linecache.cache


def test_values_are_freed_after_their_last_use() -> None:
    """Of a long chain at inference, one intermediate value is alive at a time."""
    alive: list[weakref.ref[Tensor]] = []
    most = 0

    class Watch(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            nonlocal most
            y = x + 1
            alive.append(weakref.ref(y))
            most = max(most, sum(value() is not None for value in alive))
            return y

    flow = FlowBuilder(Watch()).tag("first")
    for _ in range(20):
        flow = flow.through(Watch())
    graph = flow.build()
    graph.observe()
    with torch.no_grad():
        graph(torch.zeros(3))
    assert 2 == most  # the value being read and the one just made


def test_a_graph_is_freed_without_the_garbage_collector() -> None:
    """No reference cycle holds the weights."""
    gc.disable()
    try:
        graph = FlowBuilder("linear", 4, 4).also("gelu").build()
        graph(torch.zeros(1, 4))
        weight = weakref.ref(graph.linear_1.weight)
        del graph
        assert weight() is None
    finally:
        gc.enable()


def naive(graph: Graph, x: Tensor) -> Tensor:
    """What a graph means, in ten lines: a dictionary of values, node after node."""
    values: dict[str, Any] = {graph.ir.inputs[0]: x}
    for node in graph.ir.nodes:
        part = graph.get_submodule(node.name)
        streams = [values[value] for value in node.streams]
        made = part(*streams, **{word: values[value] for word, value in node.refs})
        values[node.name] = streams[0] + made if node.word == "also" else made
    output: Tensor = values[graph.ir.output]
    return output


class Sum(nn.Module):
    """Takes any references."""

    def forward(self, x: Tensor, **refs: Tensor) -> Tensor:
        return torch.tanh(sum(refs.values(), x))


def random_flow(seed: int) -> FlowBuilder:
    """A flow of up to 25 words over width 4, with tags, references, residuals, splits and nested graphs."""
    dice = random.Random(seed)
    flow, tags = FlowBuilder("linear", 4, 4), 0
    for _ in range(dice.randrange(25)):
        match dice.randrange(7):
            case 0:
                flow = flow.through("tanh")
            case 1:
                flow = flow.also("linear", 4, 4)
            case 2:
                flow = flow.tag(f"t{tags}")
                tags += 1
            case 3 if tags:
                chosen = dice.sample(range(tags), dice.randrange(1, tags + 1))
                flow = flow.through(Sum()).using(*(f"t{index}" for index in chosen))
            case 4:
                flow = flow.split(*["tanh", ref("linear", 4, 4), "gelu"][: dice.randrange(2, 4)]).merge("mean")
            case 5:
                flow = flow.through(FlowBuilder("linear", 4, 4).tag("inner").also("gelu"))
            case _:
                flow = flow.through("linear", 4, 4)
    return flow


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.integers(0, 10**9))
def test_generated_source_equals_a_naive_interpreter(seed: int) -> None:
    """Random graphs: outputs and gradients of the generated code are the interpreter's, to the bit."""
    torch.manual_seed(seed)
    graph = random_flow(seed).build()
    x = torch.randn(2, 4)
    results = []
    for forward in (graph, lambda leaf: naive(graph, leaf)):
        leaf = x.clone().requires_grad_()
        output = forward(leaf)
        results.append((output.detach(), *torch.autograd.grad(output.sum(), leaf)))
    for ours, theirs in zip(*results, strict=True):
        assert torch.equal(ours, theirs)
