"""A run's curves, settings and marks as event files that TensorBoard reads. Needs no TensorBoard to write them."""

from __future__ import annotations

from flodl_tensorboard.sink import TensorBoard

__all__ = ["TensorBoard"]
