"""What a loss promises: `f(*outputs, *targets)`."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import torch
from torch import Tensor, nn

from flodl_core.testing.contracts.arrays import as_array, require_as_oracle
from flodl_core.testing.contracts.captured import require_capturable
from flodl_core.testing.contracts.check import Check, Skip, Subject
from flodl_core.testing.contracts.compare import require_near, require_same
from flodl_core.testing.contracts.feed import Feed
from flodl_core.testing.contracts.gradients import require_gradients
from flodl_core.testing.contracts.inputs import inputs_of
from flodl_core.testing.contracts.oracle import NONE, oracle_of
from flodl_core.testing.contracts.promise import require

_SEEDS = range(3)


def _make(subject: Subject, dtype: torch.dtype = torch.float32, **more: Any) -> Any:
    torch.manual_seed(0)
    made = subject.make(**more)
    require(callable(made), f"its factory gives a {type(made).__name__}, which cannot be called")
    return made.to(subject.device, dtype) if isinstance(made, nn.Module) else made


def builds(subject: Subject) -> None:
    """A finite number, on the device, of the inputs' type, the same every time."""
    made, inputs = _make(subject), inputs_of(subject)
    value = made(*inputs)
    require(isinstance(value, Tensor), f"it gives a {type(value).__name__}, not a tensor")
    require(value.shape == (), f"it gives {list(value.shape)} numbers, not one; a step needs one")
    require(bool(torch.isfinite(value)), f"it gives {value.item()}")
    require(value.dtype == torch.float32, f"of float32 inputs it makes {value.dtype}")
    require(value.device.type == torch.device(subject.device).type, f"it gives a number on {value.device}")
    require_same(value, made(*inputs), "called again")


def value(subject: Subject) -> Skip | None:
    """What its oracle gives, for several draws of inputs; in float32 nearly so."""
    oracle = oracle_of(subject)
    if oracle is None:
        return NONE
    computed = oracle(*subject.example.args, **subject.example.kwargs)
    for seed in _SEEDS:
        wide = inputs_of(subject, seed, torch.float64)
        expected = computed(*map(as_array, wide))
        require_as_oracle(oracle, expected, _make(subject, torch.float64)(*wide), f"in float64 (draw {seed})")
        narrow = _make(subject)(*inputs_of(subject, seed))
        require_near(torch.as_tensor(expected), narrow, f"in float32 (draw {seed})", tolerance=1e-4)
    return None


def gradients(subject: Subject) -> Skip | None:
    """By outputs and targets that are no labels, and by its own parameters."""
    return require_gradients(_make(subject), Feed.parse(subject.example.inputs), subject.device)


def reductions(subject: Subject) -> None:
    """`sum` is the sum of `none`, `mean` its mean; each what the oracle says of it, where that says otherwise."""
    if not subject.takes("reduction"):
        return  # one number is all it gives, as `builds` has seen
    inputs, oracle = inputs_of(subject, floating=torch.float64), oracle_of(subject)
    each = _make(subject, torch.float64, reduction="none")(*inputs)
    for word, plain in (("none", each), ("sum", each.sum()), ("mean", each.mean())):
        actual = _make(subject, torch.float64, reduction=word)(*inputs)
        if oracle is None:
            require_near(plain, actual, f"reduction={word!r}", tolerance=1e-9)
        else:
            computed = oracle(*subject.example.args, **{**subject.example.kwargs, "reduction": word})
            require_as_oracle(oracle, computed(*map(as_array, inputs)), actual, f"reduction={word!r}")


def copies(subject: Subject) -> None:
    """A deepcopy and an unpickled one give the same."""
    made, inputs = _make(subject), inputs_of(subject)
    expected = made(*inputs)
    require_same(expected, copy.deepcopy(made)(*inputs), "a deepcopy's value")
    require_same(expected, pickle.loads(pickle.dumps(made))(*inputs), "an unpickled one's value")  # noqa: S301


def captured(subject: Subject) -> Skip | None:
    """Value and gradients replayed are eager's."""
    made, feed = _make(subject), Feed.parse(subject.example.inputs)
    inputs = inputs_of(subject)
    leaves = [x.requires_grad_() for slot, x in zip(feed.slots, inputs, strict=True) if slot.moves]

    def work() -> list[Tensor]:
        value = made(*inputs)
        return [value, *torch.autograd.grad(value, leaves, allow_unused=True, materialize_grads=True)]

    return require_capturable(work, lambda: None, subject.device, 1e-4)


SUITE = (
    Check("builds", "Its example gives one finite number, the same every time.", builds),
    Check("value", "The number is its oracle's, computed in float64 numpy.", value),
    Check("gradients", "Gradients are finite differences'.", gradients),
    Check("reductions", "none, mean and sum agree with each other and with the oracle.", reductions),
    Check("copies", "A deepcopy and an unpickled one give the same.", copies),
    Check("capture", "Value and gradients replayed from a CUDA graph are eager's.", captured, devices=("cuda",)),
)
