"""Steps of an optimizer: where they lead, and that they only touch what they should."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from flodl_core.errors import ContractError
from flodl_core.testing.contracts.arrays import as_array, require_as_oracle
from flodl_core.testing.contracts.check import Skip, Subject
from flodl_core.testing.contracts.compare import require_near, require_same
from flodl_core.testing.contracts.optimizers.bowl import Bowl, make
from flodl_core.testing.contracts.oracle import NONE, oracle_of
from flodl_core.testing.contracts.promise import require

STEPS = 20
_AWAY, _ENOUGH, _MOST = 0.05, 0.1, 1000


def builds(subject: Subject) -> None:
    """It is made, and a step moves every parameter in place, to finite values."""
    bowl = Bowl(subject, torch.float32)
    optimizer = make(subject, bowl)
    groups = [p for group in optimizer.param_groups for p in group["params"]]
    require({id(p) for p in groups} == {id(p) for p in bowl.parameters}, "its groups do not hold what it was given")
    before = bowl.values()
    bowl.step(optimizer)
    for parameter, start in zip(bowl.parameters, before, strict=True):
        require(parameter.is_leaf and parameter.requires_grad, "a step leaves a parameter that is no leaf")
        require(bool(torch.isfinite(parameter).all()), "a step leads to values that are not finite")
        require(not parameter.detach().equal(start), "a step moves nothing")


def value(subject: Subject) -> Skip | None:
    """Twenty steps as its oracle takes them, in float64; in float32 nearly so."""
    oracle = oracle_of(subject)
    if oracle is None:
        return NONE
    bowl = Bowl(subject)
    paths = [_oracle_path(subject, bowl, number, oracle) for number in range(len(bowl.parameters))]
    for step, path, found in _steps_beside(subject, paths, torch.float64):
        require_as_oracle(oracle, path[step], found, f"after step {step + 1} in float64, parameter")
    for step, path, found in _steps_beside(subject, paths, torch.float32):
        what = f"after step {step + 1} in float32, parameter"
        require_near(torch.as_tensor(path[step]), found, what, tolerance=1e-3)
    return None


def _steps_beside(
    subject: Subject, paths: list[list[Any]], dtype: torch.dtype
) -> Iterator[tuple[int, list[Any], Tensor]]:
    """The optimizer's own steps: after each the number, and of every parameter its oracle's path and its value."""
    bowl = Bowl(subject, dtype)
    optimizer = make(subject, bowl)
    for step in range(STEPS):
        bowl.step(optimizer)
        for path, found in zip(paths, bowl.values(), strict=True):
            yield step, path, found


def _oracle_path(subject: Subject, bowl: Bowl, number: int, oracle: Callable[..., Any]) -> list[Any]:
    """Where the oracle takes one parameter, step by step."""
    centre, steepness = as_array(bowl.centres[number]), as_array(bowl.steepness[number])
    example = subject.example
    start = as_array(bowl.starts[number]).copy()
    walk = oracle(start, lambda x: steepness * (x - centre), *example.args, **example.kwargs)
    return [next(walk).copy() for _ in range(STEPS)]


def converges(subject: Subject) -> None:
    """From a little beside the lowest point it comes down, by its example's options."""
    bowl = Bowl(subject, torch.float32, away=_AWAY)
    optimizer = make(subject, bowl)
    start = bowl.loss().item()
    for _ in range(_MOST):
        bowl.step(optimizer)
        if bowl.loss().item() <= _ENOUGH * start:
            return
    end = bowl.loss().item()
    raise ContractError(f"after {_MOST} steps the loss is {end:.3g}, from {start:.3g}: it does not come down")


def resumes(subject: Subject) -> None:
    """Saved after five steps, loaded into a new one, five further steps: to the bit those of ten."""
    bowl = Bowl(subject, torch.float32)
    optimizer = make(subject, bowl)
    for _ in range(5):
        bowl.step(optimizer)
    other = Bowl(subject, torch.float32)
    for mine, theirs in zip(other.parameters, bowl.values(), strict=True):
        mine.data.copy_(theirs)
    again = make(subject, other)
    again.load_state_dict(_through_a_file(optimizer.state_dict()))
    for step in range(5):
        bowl.step(optimizer)
        other.step(again)
        require_same(bowl.values(), other.values(), f"{step + 1} steps after a resume, parameter")


def groups(subject: Subject) -> None:
    """Two groups of two rates go where two optimizers would; a group may come later."""
    apart, at_once, later = (_two_groups(subject, way) for way in ("apart", "at once", "later"))
    require_near(apart, at_once, "of two groups given at once, parameter", tolerance=1e-12)
    require_near(apart, later, "of a group added later, parameter", tolerance=1e-12)


def _two_groups(subject: Subject, way: str) -> list[Tensor]:
    bowl = Bowl(subject, times=2)
    half = len(bowl.parameters) // 2
    first, second = bowl.parameters[:half], bowl.parameters[half:]
    rate = make(subject, bowl, first).param_groups[0]["lr"] / 2
    if way == "apart":
        optimizers = [make(subject, bowl, first), make(subject, bowl, second, lr=rate)]
    elif way == "at once":
        optimizers = [make(subject, bowl, [{"params": first}, {"params": second, "lr": rate}])]
    else:
        optimizers = [make(subject, bowl, first)]
        optimizers[0].add_param_group({"params": second, "lr": rate})
    for _ in range(5):
        bowl.step(*optimizers)
    return bowl.values()


def leaves_alone(subject: Subject) -> None:
    """A parameter without a gradient stays to the bit, weight decay and momentum included."""
    bowl = Bowl(subject, torch.float32)
    frozen = torch.nn.Parameter(torch.ones(3, 4, device=subject.device))
    optimizer = make(subject, bowl, [*bowl.parameters, frozen])
    for _ in range(3):
        bowl.step(optimizer)
    require_same(torch.ones(3, 4), frozen, "a parameter without a gradient")
    optimizer.zero_grad()
    left = [p for p in bowl.parameters if p.grad is not None and bool(p.grad.to_dense().any())]
    require(not left, "zero_grad() leaves gradients")


def _through_a_file(state: object) -> dict[str, object]:
    """As a checkpoint would have it: tensors and plain values only."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    loaded: dict[str, object] = torch.load(file, weights_only=True)
    return loaded
