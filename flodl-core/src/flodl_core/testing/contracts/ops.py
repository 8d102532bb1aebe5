"""What an op promises: its target takes options, and returns a function of tensors."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from flodl_core.component import OpSpec
from flodl_core.errors import ContractError
from flodl_core.testing.contracts.arrays import as_array, require_as_oracle
from flodl_core.testing.contracts.check import Check, Skip, Subject
from flodl_core.testing.contracts.compare import require_near, require_same, tensors_of
from flodl_core.testing.contracts.feed import Feed
from flodl_core.testing.contracts.gradients import require_gradients
from flodl_core.testing.contracts.oracle import oracle_of
from flodl_core.testing.contracts.promise import require


def _make(subject: Subject) -> Any:
    made = subject.make()
    require(callable(made), f"its factory gives a {type(made).__name__}, which cannot be called")
    return made


def _call(subject: Subject, dtype: torch.dtype = torch.float32, seed: int = 0) -> list[Tensor]:
    inputs = Feed.parse(subject.example.inputs).tensors(subject.device, floating=dtype)
    torch.manual_seed(seed)
    return list(tensors_of(_make(subject)(*inputs)))


def builds(subject: Subject) -> None:
    """It gives tensors, as many as the spec names, the same every time, and leaves what it is given."""
    spec = subject.component.spec
    assert isinstance(spec, OpSpec)
    outputs = _call(subject)
    require(bool(outputs), "it gives no tensor")
    require(
        len(spec.outputs) in (0, len(outputs)), f"the spec names {len(spec.outputs)} outputs, it gives {len(outputs)}"
    )
    for output in outputs:
        require(output.device.type == torch.device(subject.device).type, f"its output is on {output.device}")
    require_same(outputs, _call(subject), "called again from the same seed")
    inputs = Feed.parse(subject.example.inputs).tensors(subject.device)
    kept = [value.clone() for value in inputs]
    _make(subject)(*inputs)
    require_same(kept, inputs, "an input after the call")


def value(subject: Subject) -> Skip | None:
    """Near in float32 to what it gives in float64; that is its oracle's, where it brings one."""
    wide = _call(subject, torch.float64)
    oracle = oracle_of(subject)
    if oracle is not None:
        inputs = Feed.parse(subject.example.inputs).tensors(floating=torch.float64)
        computed = oracle(*subject.example.args, **subject.example.kwargs)(*map(as_array, inputs))
        for expected, actual in zip(computed if isinstance(computed, tuple) else (computed,), wide, strict=True):
            require_as_oracle(oracle, expected, actual, "in float64")
    if torch.device(subject.device).type != "cpu" and _draws(subject):
        return Skip("it draws random numbers, and this device draws others in float64")
    require_near(wide, _call(subject), "in float32", tolerance=1e-4)
    return None


def _draws(subject: Subject) -> bool:
    """Whether what it gives depends on the seed."""
    pairs = zip(_call(subject), _call(subject, seed=1), strict=True)
    return not all(torch.allclose(one, other, 1e-4, 1e-5, equal_nan=True) for one, other in pairs)


def gradients(subject: Subject) -> None:
    """From all outputs to every floating input where the spec says so; else not so."""
    spec = subject.component.spec
    assert isinstance(spec, OpSpec)
    try:
        skip = require_gradients(_make(subject), Feed.parse(subject.example.inputs), subject.device)
    except ContractError:
        if spec.differentiable:
            raise
        return
    if spec.differentiable:
        require(skip is None, f"its spec calls it differentiable: {skip.reason if skip else ''}")
    else:
        require(skip is not None, "its spec says that it has no gradients, and it has, and they are right")


def shapes(subject: Subject) -> Skip | None:
    """On the meta device, where nothing is computed, it gives tensors of the same shapes and types."""
    outputs = _call(subject)
    inputs = [value.to("meta") for value in Feed.parse(subject.example.inputs).tensors()]
    try:
        found = list(tensors_of(_make(subject)(*inputs)))
    except (NotImplementedError, RuntimeError) as error:
        return Skip(f"torch cannot run it on the meta device: {str(error).split('. ')[0]}")
    due = [(value.shape, value.dtype) for value in outputs]
    require(due == [(value.shape, value.dtype) for value in found], "on the meta device its shapes or types are others")
    return None


SUITE = (
    Check("builds", "Its example gives tensors, the same every time, and leaves its inputs as they were.", builds),
    Check("value", "float32 is near float64, and float64 its oracle's where it brings one.", value),
    Check(
        "gradients",
        "Gradients are finite differences' where the spec calls it differentiable, and only there.",
        gradients,
    ),
    Check("shapes", "On the meta device it gives the same shapes and types.", shapes),
)
