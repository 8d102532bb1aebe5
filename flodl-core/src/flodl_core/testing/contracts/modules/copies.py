"""Copies of a module: by state, by deepcopy, by pickle; and what it says of itself."""

from __future__ import annotations

import copy
import pickle
import re

import torch
from torch import nn

from flodl_core.testing.contracts.check import Subject
from flodl_core.testing.contracts.compare import require_same
from flodl_core.testing.contracts.inputs import inputs_of
from flodl_core.testing.contracts.modules.bench import call, make
from flodl_core.testing.contracts.promise import require

_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}")


def state_dict(subject: Subject) -> None:
    """Another one, drawn otherwise, is the same after loading its state."""
    module, other = make(subject, seed=1), make(subject, seed=2)
    missing = other.load_state_dict(module.state_dict(), strict=True)
    require(not any(missing), f"its own state does not fit: {missing}")
    _require_same_calls(subject, module, other, "after load_state_dict")


def deepcopied(subject: Subject) -> None:
    """The copy is the same, and shares nothing."""
    module = make(subject)
    other = copy.deepcopy(module)
    _require_same_calls(subject, module, other, "the deepcopy's output")
    theirs = {value.data_ptr() for value in module.state_dict().values() if value.numel()}
    shared = [name for name, value in other.state_dict().items() if value.numel() and value.data_ptr() in theirs]
    require(not shared, f"a deepcopy shares {shared[:1]} with the original")


def pickled(subject: Subject) -> None:
    """What comes back from bytes is the same."""
    module = make(subject)
    other = pickle.loads(pickle.dumps(module))  # noqa: S301 - our own bytes
    _require_same_calls(subject, module, other, "the unpickled one's output")


def shown(subject: Subject) -> None:
    """The same text for the same module, without addresses of memory."""
    module = make(subject)
    text = repr(module)
    address = _ADDRESS.search(text)
    require(address is None, f"its repr holds an address of memory: {address and address[0]}")
    require(text == repr(make(subject)) == repr(module), "its repr is not the same every time")
    require(text == repr(copy.deepcopy(module)), "a copy's repr is another one")


def _require_same_calls(subject: Subject, module: nn.Module, other: nn.Module, what: str) -> None:
    inputs = inputs_of(subject)
    for training in (True, False):
        with torch.no_grad():
            expected = call(subject, module.train(training), inputs)
            require_same(expected, call(subject, other.train(training), inputs), what)
