"""Gradients of a module, in both modes."""

from __future__ import annotations

import torch

from flodl_core.testing.contracts.check import Skip, Subject
from flodl_core.testing.contracts.feed import Feed
from flodl_core.testing.contracts.gradients import require_gradients
from flodl_core.testing.contracts.modules.bench import make


def in_training(subject: Subject) -> Skip | None:
    """Of inputs and parameters."""
    return require_gradients(make(subject).train(), Feed.parse(subject.example.inputs), subject.device)


def in_evaluation(subject: Subject) -> Skip | None:
    """The same; without cudnn, whose recurrent networks have no backward in evaluation."""
    with torch.backends.cudnn.flags(enabled=False):
        return require_gradients(make(subject).eval(), Feed.parse(subject.example.inputs), subject.device)
