"""The training step: the lines everyone writes around a model, once and right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flodl_core.lazy import lazy_exports

if TYPE_CHECKING:
    from flodl_nn.step.train_step import TrainStep as TrainStep

__all__ = ["TrainStep"]

__getattr__, __dir__ = lazy_exports(__name__, {"TrainStep": "flodl_nn.step.train_step"})
