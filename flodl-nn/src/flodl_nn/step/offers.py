"""What a model may offer besides being a module; a Graph does."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from flodl_core.autograd import evaluating
from torch import nn


def offered(model: nn.Module, method: str) -> Any:
    """Call a method that it may have; None from a model that has not."""
    own = getattr(model, method, None)
    return own() if callable(own) else None


def evaluation(model: nn.Module) -> AbstractContextManager[Any]:
    """A block that evaluates it, in its own way if it has one."""
    own = getattr(model, "evaluating", None)
    return own() if callable(own) else evaluating(model)
