"""A flow as it can be kept: what a person said, without the objects they gave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve
from flodl_core import Ref
from flodl_core.reference import FrozenTable

from flodl_graph.ir.steps import Flow, Live, Word


def recorded(flow: Flow) -> Flow:
    """The same flow with `Live` in place of objects: the IR must hold no module."""
    return Flow(tuple(_step(step) if isinstance(step, Word) else step for step in flow.steps))


def _step(step: Word) -> Word:
    args = _all(step.args)
    kwargs = _plain(step.kwargs)
    return step if args is step.args and kwargs is step.kwargs else evolve(step, args=args, kwargs=kwargs)


def _plain(value: Any) -> Any:
    """A value without live objects; itself, where it has none."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Flow):
        return recorded(value)
    if isinstance(value, Ref):
        args, kwargs = _all(value.args), _plain(value.kwargs)
        return value if args is value.args and kwargs is value.kwargs else evolve(value, args=args, kwargs=kwargs)
    if isinstance(value, Mapping):
        plain = {key: _plain(item) for key, item in value.items()}
        fixed = isinstance(value, FrozenTable) or not value  # any other table its owner may change
        return value if fixed and all(item is value[key] for key, item in plain.items()) else plain
    if isinstance(value, list | tuple):
        return [*_all(tuple(value))]
    return Live(getattr(value, "__name__", type(value).__name__))


def _all(values: tuple[Any, ...]) -> tuple[Any, ...]:
    plain = tuple(_plain(value) for value in values)
    return values if all(new is old for new, old in zip(plain, values, strict=True)) else plain
