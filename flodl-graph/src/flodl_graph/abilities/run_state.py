"""What a graph in training has besides its weights: carried state, open means, curves, epoch, held statistics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from flodl_core import CheckpointError
from flodl_core.freezing import held_paths, hold_only
from torch import Tensor
from torch.utils import _pytree as pytree

from flodl_graph.abilities.family import AbstractFamily
from flodl_graph.run.carried import each_tensor


def save_run(graph: AbstractFamily) -> dict[str, Any]:
    """Plain data and live tensors, by the dotted prefix of each graph of the family."""
    return {
        "graphs": {prefix: _state_of(member) for prefix, member in graph._family()},
        "held": held_paths(graph),
    }


def load_run(graph: AbstractFamily, state: Mapping[str, Any]) -> None:
    """Take it over. All is checked before anything changes.

    Raises:
        CheckpointError: It is of another graph, or no such state.
    """
    family, modules = dict(graph._family()), dict(graph.named_modules())
    try:
        saved, held = dict(state["graphs"]), list(state["held"])
    except (LookupError, TypeError, ValueError):
        raise CheckpointError("this is no state of a graph's run", mend="what run_state() gave") from None
    if saved.keys() != family.keys() or not modules.keys() >= set(held):
        raise CheckpointError("the state of the run is of another graph", mend="build the graph that was saved")
    for prefix, member in family.items():
        _check(member, prefix, saved[prefix])
    for prefix, member in family.items():
        _load(member, saved[prefix])
    hold_only(graph, held)


def _state_of(graph: AbstractFamily) -> dict[str, Any]:
    return {"epoch": graph.epoch, "carried": dict(graph.carried), "recorded": graph._recorder.state_dict()}


def _check(graph: AbstractFamily, prefix: str, state: Mapping[str, Any]) -> None:
    tags = {tag for tag, _ in graph.ir.tags}
    for tag, value in state["carried"].items():
        if tag not in tags or not all(isinstance(leaf, Tensor) for leaf in pytree.tree_leaves(value)):
            raise CheckpointError(f"the state carries {prefix + tag!r}, which the graph does not")
    if not isinstance(state["epoch"], int) or state["epoch"] < 0:
        raise CheckpointError(f"the state's epoch is {state['epoch']!r}")
    type(graph._recorder)().load_state_dict(state["recorded"])


def _load(graph: AbstractFamily, state: Mapping[str, Any]) -> None:
    parameter = next(graph.parameters(), None)
    device = torch.device("cpu") if parameter is None else parameter.device
    graph.epoch = state["epoch"]
    graph.carried = each_tensor(lambda value: value.detach().to(device, copy=True), state["carried"])
    graph._recorder.load_state_dict(state["recorded"])
