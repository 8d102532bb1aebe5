"""The checks that this distribution adds to the suites: each finds what is planted for it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from flodl_core import Example, MergeOpSpec, ModuleSpec, WordSpec, components, hookimpl
from flodl_core.testing import Result, exercise
from flodl_graph import AbstractNode
from flodl_graph.testing import CHECKS
from torch import Tensor, nn


class Nosy(nn.Module):
    """Takes a second input that the spec calls by another name."""

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        return x + context


def pair() -> Callable[..., Tensor]:
    """A merge op that joins two branches or one, and no more."""

    def join(first: Tensor, second: Tensor | float = 0.0) -> Tensor:
        return first + second

    return join


class Forgetful(AbstractNode):
    """A word."""

    word = "forgetful"

    @classmethod
    def from_words(cls, module: nn.Module) -> tuple[dict[str, Any], nn.Module]:
        return {}, module


def specs(**made: Any) -> Any:
    """A plugin with one hook."""

    @hookimpl
    def hook() -> Iterator[Any]:
        yield from made["specs"]

    return SimpleNamespace(**{made["hook"]: hook})


HERE = "planted_parts"


@pytest.fixture
def flow_of(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Result]]:
    """What the check of flows says of one component of this session."""
    monkeypatch.setitem(sys.modules, HERE, sys.modules[__name__])

    def run(hook: str, spec: Any) -> Result:
        components.register(specs(hook=hook, specs=[spec]), "planted")
        (result,) = (
            result
            for result in exercise(components.find(spec.kind, f"session/{spec.name}"), more=CHECKS)
            if result.check == "flow"
        )
        return result

    yield run
    components.register(specs(hook="flodl_modules", specs=[]), "planted")


def test_a_module_whose_inputs_are_misnamed_is_found(flow_of: Callable[..., Result]) -> None:
    """`using` speaks to a module by the names of its inputs."""
    example = Example(inputs=("f32[2,4]", "f32[2,4]"))
    spec = ModuleSpec(name="nosy", target=f"{HERE}:Nosy", summary="S.", example=example, inputs=("x", "memory"))
    result = flow_of("flodl_modules", spec)
    assert ("failed", True) == (result.outcome, "memory" in result.reason)


def test_a_merge_op_that_cannot_join_three_is_found(flow_of: Callable[..., Result]) -> None:
    """A split may have any number of branches."""
    spec = MergeOpSpec(name="pair", target=f"{HERE}:pair", summary="S.", example=Example(inputs=("f32[4]",)))
    result = flow_of("flodl_merge_ops", spec)
    assert ("failed", True) == (result.outcome, "argument" in result.reason)


def test_a_word_without_an_example_is_said(flow_of: Callable[..., Result]) -> None:
    """What it does in a graph cannot be guessed."""
    result = flow_of("flodl_words", WordSpec(name="forgetful", target=f"{HERE}:Forgetful", summary="S."))
    assert ("skipped", "not exercisable: no example") == (result.outcome, result.reason)
