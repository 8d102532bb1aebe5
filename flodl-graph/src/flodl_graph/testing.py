"""What components promise to graphs: checks that `flodl exercise` adds to each kind's suite, and plugin authors too.

from flodl_core.testing import exercise
from flodl_graph.testing import CHECKS

for result in exercise(component, more=CHECKS): ...
"""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Mapping
from typing import Any

import torch
from flodl_core import ComponentSpec, ContractError, Example, ModuleSpec, OpSpec, ref
from flodl_core.testing import Check, Skip, Subject, inputs_of
from torch import Tensor, nn

from flodl_graph.builder import FlowBuilder
from flodl_graph.graph import Graph
from flodl_graph.part import stream_of


def module_in_a_flow(subject: Subject) -> None:
    """Through it by name, further inputs through `using`: what the bare module gives."""
    inputs = inputs_of(subject)
    torch.manual_seed(0)
    bare = subject.make().to(subject.device)
    graph = _through(subject, _names_of(bare.forward, subject.component.spec, len(inputs))).to(subject.device)
    _require_same_state(bare, graph)
    for training in (True, False):
        expected = _seeded(bare.train(training), inputs)
        _require_equal(expected, _seeded(graph.train(training), inputs), "in a flow it gives something else")
        _require_equal(expected, _seeded(copy.deepcopy(graph), inputs), "a deepcopy of its flow gives something else")


def op_in_a_flow(subject: Subject) -> Skip | None:
    """Through it by its full name: what the function gives."""
    inputs = inputs_of(subject)
    bare = subject.make()
    names = _names_of(bare, subject.component.spec, len(inputs))
    if any(name.startswith("*") for name in names[1:]):
        return Skip("a flow names its further inputs, and of these there may be any number")
    if names[0].startswith("*"):
        names, inputs = names[:1], inputs[:1]
    graph = _through(subject, names)
    _require_equal(_seeded(bare, inputs), _seeded(graph, inputs), "in a flow it gives something else")
    return None


def merge_op_in_a_flow(subject: Subject) -> None:
    """Three branches, joined by it."""
    x = inputs_of(subject)[0]
    graph = (
        FlowBuilder().split("identity", "identity", "identity").merge(_reference(subject)).build().to(subject.device)
    )
    _require_equal(subject.make()(x, x, x), graph(x), "in a flow it gives something else")


def word_in_a_flow(subject: Subject) -> Skip | None:
    """Its example makes a graph that runs, is copied and pickled, and comes back from its own TOML."""
    if subject.component.spec.example is None:
        return Skip("not exercisable: no example")
    inputs = inputs_of(subject)
    torch.manual_seed(0)
    graph = _with_word(subject).build().to(subject.device)
    expected = _seeded(graph, inputs)
    _require_equal(expected, _seeded(copy.deepcopy(graph), inputs), "a deepcopy gives something else")
    unpickled = pickle.loads(pickle.dumps(graph))  # noqa: S301 - our own bytes
    _require_equal(expected, _seeded(unpickled, inputs), "an unpickled one gives something else")
    text = graph.to_toml()
    again = FlowBuilder.from_toml(text).build().to(subject.device)
    again.load_state_dict(graph.state_dict())
    _require_equal(expected, _seeded(again, inputs), "made again from its own TOML it gives something else")
    if again.to_toml() != text:
        raise ContractError("made again from its own TOML it writes another one")
    return None


CHECKS: Mapping[str, tuple[Check, ...]] = {
    "module": (Check("flow", "In a flow, by name, it gives what it gives bare.", module_in_a_flow),),
    "op": (Check("flow", "In a flow, by name, it gives what it gives bare.", op_in_a_flow),),
    "merge_op": (Check("flow", "It joins three branches of a flow.", merge_op_in_a_flow),),
    "word": (Check("flow", "Its example makes a graph that runs, travels, and comes back from TOML.", word_in_a_flow),),
}
"""By kind: hand them to `flodl_core.testing.exercise(..., more=CHECKS)`."""


def _reference(subject: Subject) -> Any:
    return ref(subject.component.id, *subject.example.args, **subject.example.kwargs)


def _through(subject: Subject, names: list[str]) -> Graph:
    """The first input is the stream; the others are inputs of the graph, which `using` hands on."""
    further = {name: f"given_{name}" for name in names[1:]}
    flow = FlowBuilder().input(*further.values()) if further else FlowBuilder()
    flow = flow.through(_reference(subject))
    return (flow.using(**further) if further else flow).build()


def _names_of(function: Any, spec: ComponentSpec, number: int) -> list[str]:
    """What the inputs are called: as the spec says, else as the signature does."""
    said = spec.inputs if isinstance(spec, ModuleSpec | OpSpec) else ()
    names = list(said) or list(inspect.signature(function).parameters)
    return names[:number]


def _with_word(subject: Subject) -> FlowBuilder:
    """The word on a plain stream; branches that it opens are added up, branches that it joins are opened for it."""
    example = subject.component.spec.example or Example()
    effect = getattr(subject.component.load(), "effect", "advance")
    flow = FlowBuilder("identity")
    if effect == "join":
        flow = flow.word("split", "identity", "gelu")
    flow = flow.word(subject.component.qualified, *example.args, **example.kwargs)
    if effect == "side":
        return flow.tag("beside").through("state_add").using("beside")
    return flow.word("merge", "add") if effect == "branch" else flow


def _seeded(function: Any, inputs: list[Tensor]) -> Any:
    torch.manual_seed(0)
    with torch.no_grad():
        return stream_of(function(*inputs))


def _require_same_state(bare: nn.Module, graph: Graph) -> None:
    """The flow's module was made apart from the bare one: from here on it is the same."""
    state = dict(zip(graph.state_dict(), bare.state_dict().values(), strict=True))
    graph.load_state_dict(state)


def _require_equal(expected: Any, actual: Any, fault: str) -> None:
    if not isinstance(actual, Tensor) or not torch.equal(expected, actual):
        raise ContractError(fault)
