"""What a merge op promises: `f(*values)` joins any number of branches."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import torch
from torch import Tensor, nn

from flodl_core.testing.contracts.arrays import as_array, require_as_oracle
from flodl_core.testing.contracts.check import Check, Skip, Subject
from flodl_core.testing.contracts.compare import require_same
from flodl_core.testing.contracts.feed import Feed
from flodl_core.testing.contracts.gradients import require_gradients
from flodl_core.testing.contracts.oracle import NONE, oracle_of
from flodl_core.testing.contracts.promise import require


def _make(subject: Subject) -> Any:
    made = subject.make()
    require(callable(made), f"its factory gives a {type(made).__name__}, which cannot be called")
    return made.to(subject.device) if isinstance(made, nn.Module) else made


def _values(subject: Subject, number: int, dtype: torch.dtype = torch.float32) -> list[Tensor]:
    """So many branches, shaped as the example's first."""
    return Feed.parse(subject.example.inputs[:1] * number).tensors(subject.device, floating=dtype)


def builds(subject: Subject) -> None:
    """It joins what the example feeds it."""
    inputs = Feed.parse(subject.example.inputs).tensors(subject.device)
    value = _make(subject)(*inputs)
    require(isinstance(value, Tensor), f"it gives a {type(value).__name__}, not a tensor")
    require(bool(torch.isfinite(value).all()), "what it gives is not finite")


def numbers(subject: Subject) -> None:
    """One, two and five branches, each left as it was."""
    for number in (1, 2, 5):
        values = _values(subject, number)
        kept = [value.clone() for value in values]
        _make(subject)(*values)
        require_same(kept, values, f"a branch after joining {number}")


def value(subject: Subject) -> Skip | None:
    """What its oracle gives, of two branches and of five."""
    oracle = oracle_of(subject)
    if oracle is None:
        return NONE
    computed = oracle(*subject.example.args, **subject.example.kwargs)
    for number in (2, 5):
        values = _values(subject, number, torch.float64)
        require_as_oracle(oracle, computed(*map(as_array, values)), _make(subject)(*values), f"of {number} branches")
    return None


def gradients(subject: Subject) -> Skip | None:
    """By every branch."""
    return require_gradients(_make(subject), Feed.parse(subject.example.inputs[:1] * 3), subject.device)


def copies(subject: Subject) -> None:
    """A deepcopy and an unpickled one give the same."""
    made, values = _make(subject), _values(subject, 3)
    expected = made(*values)
    require_same(expected, copy.deepcopy(made)(*values), "a deepcopy's value")
    require_same(expected, pickle.loads(pickle.dumps(made))(*values), "an unpickled one's value")  # noqa: S301


SUITE = (
    Check("builds", "Its example joins what it is fed.", builds),
    Check("numbers", "It joins one, two and five branches, and leaves each as it was.", numbers),
    Check("value", "The result is its oracle's, computed in float64 numpy.", value),
    Check("gradients", "Gradients by every branch are finite differences'.", gradients),
    Check("copies", "A deepcopy and an unpickled one give the same.", copies),
)
