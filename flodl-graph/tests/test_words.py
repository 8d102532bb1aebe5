"""Every word against the forward a person would write in plain PyTorch: outputs and gradients."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import NamedTuple

import pytest
import torch
from flodl_core import components, ref
from flodl_graph import FlowBuilder, Graph
from torch import Tensor, nn


def same(graph: Graph, oracle: Callable[[Tensor], Tensor], *shape: int, device: torch.device) -> None:
    """Outputs, and gradients of the input and of every parameter, are equal to the bit."""
    graph.to(device)
    x = torch.randn(*shape, device=device)
    parameters = list(graph.parameters())
    results = []
    for forward in (graph, oracle):
        leaf = x.clone().requires_grad_()
        y = forward(leaf)
        results.append((y.detach(), *torch.autograd.grad((y * y).sum(), [leaf, *parameters])))
    for ours, theirs in zip(*results, strict=True):
        assert torch.equal(ours, theirs)


def test_through_passes_the_stream_on(device: torch.device) -> None:
    """`through` is function composition."""
    a, b = nn.Linear(2, 8), nn.Linear(8, 3)
    same(FlowBuilder(a).through(torch.tanh).through(b).build(), lambda x: b(torch.tanh(a(x))), 5, 2, device=device)


def test_a_name_builds_what_its_arguments_say() -> None:
    """Arguments after a name go to the constructor, positional and by keyword."""
    linear = FlowBuilder("linear", 2, 16, bias=False).build().linear_1
    assert (2, 16, None) == (linear.in_features, linear.out_features, linear.bias)


def test_also_with_a_skip_path_of_its_own(device: torch.device) -> None:
    """What goes round the module may be projected: `skip(stream) + module(stream)`; `using` speaks to the module."""
    a, b, skip = nn.Linear(4, 3), nn.Linear(4, 6), nn.Linear(4, 6, bias=False)
    model = FlowBuilder("tanh").also(b, skip=skip).build()
    same(model, lambda x: skip(h := x.tanh()) + b(h), 3, 4, device=device)
    assert ["linear_1", "linear_1.body", "linear_1.skip"] == [p for p in model.paths() if p.startswith("linear")]
    named = FlowBuilder("linear", 4, 4).also("linear", 4, 6, bias=False, skip=ref("linear", 4, 6)).tag("sum").build()
    weights = {name: tuple(parameter.shape) for name, parameter in named.named_parameters() if "sum" in name}
    assert {"sum.body.weight": (6, 4), "sum.skip.weight": (6, 4), "sum.skip.bias": (6,)} == weights
    text = named.to_toml()
    assert text == FlowBuilder.from_toml(text).build().to_toml()
    given = FlowBuilder(a).tag("h").also(lambda x, h: x * h, skip="tanh").using("h").build().to(device)
    torch.testing.assert_close(given(x := torch.randn(3, 4, device=device)), a(x).tanh() + a(x) * a(x))


def test_also_adds_the_stream(device: torch.device) -> None:
    """`also` is a residual: the stream plus the module's output."""
    a, b = nn.Linear(4, 4), nn.Linear(4, 4)
    same(FlowBuilder(a).also(b).build(), lambda x: (y := a(x)) + b(y), 3, 4, device=device)


MERGES: dict[str, Callable[..., Tensor]] = {
    "add": lambda *v: reduce(torch.add, v),
    "mean": lambda *v: reduce(torch.add, v) / len(v),
    "mul": lambda *v: reduce(torch.mul, v),
    "max": lambda *v: reduce(torch.maximum, v),
    "min": lambda *v: reduce(torch.minimum, v),
    "cat": lambda *v: torch.cat(v, -1),
    "stack": lambda *v: torch.stack(v, -1),
}


@pytest.mark.parametrize("op", MERGES)
def test_split_and_merge(op: str, device: torch.device) -> None:
    """Each branch gets the stream; the op gets the branches in order."""
    a, b, c = nn.Linear(3, 5), nn.Linear(3, 5), nn.Linear(3, 5)
    graph = FlowBuilder(nn.Identity()).split(a, b, c).merge(op).build()
    same(graph, lambda x: MERGES[op](a(x), b(x), c(x)), 4, 3, device=device)


def test_merge_takes_arguments_and_functions(device: torch.device) -> None:
    """A merge op by name takes its factory's arguments; any function of the branches will do."""
    a, b = nn.Linear(3, 2), nn.Linear(3, 2)
    by_name = FlowBuilder().split(a, b).merge("cat", dim=0).build()
    same(by_name, lambda x: torch.cat([a(x), b(x)], 0), 4, 3, device=device)
    by_function = FlowBuilder().split(a, b).merge(torch.sub).build()
    same(by_function, lambda x: a(x) - b(x), 4, 3, device=device)


class Blend(nn.Module):
    """A module with a reference: its own gate between the stream and `other`."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Parameter(torch.tensor(0.3))

    def forward(self, x: Tensor, other: Tensor, bias: Tensor | None = None) -> Tensor:
        mixed = torch.lerp(x, other, self.gate)
        return mixed if bias is None else mixed + bias


def test_using_passes_tagged_values_by_keyword(device: torch.device) -> None:
    """`using("other")` passes `other=`; `using(bias="b")` renames; gradients flow through both."""
    a, b, blend = nn.Linear(4, 4), nn.Linear(4, 4), Blend()
    flow = FlowBuilder(a).tag("other").through(b).tag("b").through("tanh").through(blend).using("other", bias="b")
    same(flow.build(), lambda x: blend(torch.tanh(z := b(y := a(x))), y, z), 3, 4, device=device)


def test_using_after_split_speaks_to_every_branch(device: torch.device) -> None:
    """Each branch gets the references."""
    a, left, right = nn.Linear(4, 4), Blend(), Blend()
    graph = FlowBuilder(a).tag("other").split(left, right).using("other").merge("add").build()
    same(graph, lambda x: left(y := a(x), y) + right(y, y), 3, 4, device=device)


def test_inputs_become_parameters_of_forward(device: torch.device) -> None:
    """`input` names further arguments of forward, which `using` hands on."""
    blend = Blend()
    graph = FlowBuilder().input("other").through(blend).using("other").build().to(device)
    x, other = torch.randn(2, 4, device=device), torch.randn(2, 4, device=device)
    assert torch.equal(graph(x, other), blend(x, other))
    assert torch.equal(graph(x, other=other), blend(x, other))


def test_fork_is_a_side_branch(device: torch.device) -> None:
    """The tag names the side branch; the stream goes on from before it."""
    a, side, blend = nn.Linear(4, 4), nn.Linear(4, 4), Blend()
    graph = FlowBuilder(a).fork(side).tag("other").through("tanh").through(blend).using("other").build()
    same(graph, lambda x: blend(torch.tanh(y := a(x)), side(y)), 3, 4, device=device)


def test_merge_on_one_stream_joins_what_using_names(device: torch.device) -> None:
    """A skip connection: the stream first, then the references in their order."""
    a, b, c = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(12, 4)
    flow = FlowBuilder(a).tag("one").through(b).tag("two").through("tanh").merge("cat", dim=1).using("one", "two")
    same(flow.through(c).build(), lambda x: c(torch.cat([torch.tanh(z := b(y := a(x))), y, z], 1)), 3, 4, device=device)


def test_at_goes_on_from_a_tag(device: torch.device) -> None:
    """Two towers: the second starts where the first did."""
    a, left, right = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4)
    flow = FlowBuilder(a).tag("root").through(left).tag("left").at("root").through(right).merge("mul").using("left")
    same(flow.build(), lambda x: right(y := a(x)) * left(y), 3, 4, device=device)


class Pair(NamedTuple):
    """Two results by name."""

    value: Tensor
    weight: Tensor


class Weighed(nn.Module):
    """A module with two outputs."""

    def forward(self, x: Tensor) -> Pair:
        return Pair(torch.tanh(x), torch.sigmoid(x))


def test_a_module_with_several_outputs(device: torch.device) -> None:
    """The first output is the stream; `tag(weight="w")` names a further one."""
    a = nn.Linear(4, 4)
    bare = FlowBuilder(a).through(Weighed()).build()
    same(bare, lambda x: torch.tanh(a(x)), 3, 4, device=device)
    tagged = FlowBuilder(a).also(Weighed()).tag(weight="w").merge("mul").using("w").build()
    same(tagged, lambda x: ((y := a(x)) + torch.tanh(y)) * torch.sigmoid(y), 3, 4, device=device)


class Asked(nn.Module):
    """A module that makes its further output only when asked."""

    def forward(self, x: Tensor, *, wanted: tuple[str, ...] = ()) -> Tensor | Pair:
        return Pair(torch.tanh(x), torch.sigmoid(x)) if wanted else torch.tanh(x)


def test_further_outputs_on_demand() -> None:
    """A module that takes `wanted` is asked for what is tagged, and for nothing else."""

    class Spec(Asked):
        def forward(self, x: Tensor, *, wanted: tuple[str, ...] = ()) -> Pair:
            return super().forward(x, wanted=wanted)

    x = torch.randn(2, 3)
    assert "self.spec_1(x)\n" in bare_lines(FlowBuilder(Spec()).build())
    graph = FlowBuilder(Spec()).tag(weight="w").at("w").build()
    assert "wanted=('weight',)" in graph.code
    assert torch.equal(torch.sigmoid(x), graph(x))


def bare_lines(graph: Graph) -> str:
    return "".join(f"{line.split('#')[0].rstrip()}\n" for line in graph.code.splitlines())


def test_a_nested_graph_is_a_module(device: torch.device) -> None:
    """A labelled graph keeps its label as its path; its tags are its own."""
    inner = FlowBuilder("linear", 3, 3).tag("hidden").through("tanh").label("encoder").build()
    graph = FlowBuilder(inner).through("linear", 3, 2).build()
    assert "encoder.hidden.weight" in graph.state_dict()
    assert graph.get_submodule("encoder.hidden") is inner.hidden
    head = graph.linear_1
    same(graph, lambda x: head(torch.tanh(inner.hidden(x))), 4, 3, device=device)


def test_an_unbuilt_builder_is_a_recipe() -> None:
    """A builder, a name or a ref makes a module of its own at each place; an object is shared."""
    block = FlowBuilder("linear", 4, 4).through("gelu")
    graph = FlowBuilder(block).through(block).build()
    assert graph.graph_1.linear_1 is not graph.graph_2.linear_1
    shared = nn.Linear(4, 4)
    twice = FlowBuilder(shared).through(shared).build()
    assert twice.linear_1 is twice.linear_2
    assert 2 == len(list(twice.parameters()))


def test_modules_are_made_in_word_order() -> None:
    """Seeded, a flow initialises as the same modules written one after the other."""
    torch.manual_seed(3)
    flow = FlowBuilder("linear", 2, 4).also("linear", 4, 4).split(ref("linear", 4, 3), ref("linear", 4, 3)).merge("add")
    graph = flow.build()
    torch.manual_seed(3)
    oracle = [nn.Linear(2, 4), nn.Linear(4, 4), nn.Linear(4, 3), nn.Linear(4, 3)]
    for ours, theirs in zip(graph.parameters(), (p for m in oracle for p in m.parameters()), strict=True):
        assert torch.equal(ours, theirs)


def test_the_bare_builder_is_the_input() -> None:
    """A flow without any module returns what it is given."""
    x = torch.randn(2)
    assert FlowBuilder().build()(x) is x


@pytest.mark.parametrize("kind", ["module", "merge_op"])
def test_the_classes_spellings_are_aliases(kind: str) -> None:
    """floDl's are the same: `SoftmaxRouter`, `StateAdd`, `Add`."""
    ours = [component for component in components.list(kind) if component.origin.distribution == "flodl-graph"]
    assert [] == [c.name for c in ours if components.find(kind, c.spec.target.partition(":")[2]).name != c.name]
    assert {"module": 7, "merge_op": 7}[kind] == len(ours)
