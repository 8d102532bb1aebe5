"""A flow as it can be kept: what a person said, without the objects they gave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve
from flodl_core import Ref

from flodl_graph.ir.steps import Flow, Live, Word


def recorded(flow: Flow) -> Flow:
    """The same flow with `Live` in place of objects: the IR must hold no module."""
    return Flow(tuple(_step(step) if isinstance(step, Word) else step for step in flow.steps))


def _step(step: Word) -> Word:
    args = tuple(_plain(value) for value in step.args)
    return evolve(step, args=args, kwargs={key: _plain(value) for key, value in step.kwargs.items()})


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Flow):
        return recorded(value)
    if isinstance(value, Ref):
        args = tuple(_plain(item) for item in value.args)
        return evolve(value, args=args, kwargs={key: _plain(item) for key, item in value.kwargs.items()})
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return Live(getattr(value, "__name__", type(value).__name__))
