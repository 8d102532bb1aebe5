"""The plugin of flodl-nn: all it brings, by name. Delete it and nothing is called "linear"."""

from __future__ import annotations

from collections.abc import Iterable

from flodl_core import (
    DatasetSpec,
    InitializerSpec,
    LossSpec,
    ModuleSpec,
    OpSpec,
    OptimizerSpec,
    SchedulerSpec,
    hookimpl,
)
from flodl_core.tensor.ops.table import TABLE

from flodl_nn.catalogue.datasets import DATASETS
from flodl_nn.catalogue.initializers import INITIALIZERS
from flodl_nn.catalogue.losses import LOSSES
from flodl_nn.catalogue.modules import MODULES
from flodl_nn.catalogue.optimizers import OPTIMIZERS
from flodl_nn.catalogue.schedulers import SCHEDULERS


@hookimpl
def flodl_modules() -> Iterable[ModuleSpec]:
    """Layers and activations."""
    return MODULES


@hookimpl
def flodl_losses() -> Iterable[LossSpec]:
    """Losses."""
    return LOSSES


@hookimpl
def flodl_optimizers() -> Iterable[OptimizerSpec]:
    """Optimizers."""
    return OPTIMIZERS


@hookimpl
def flodl_schedulers() -> Iterable[SchedulerSpec]:
    """Schedules."""
    return SCHEDULERS


@hookimpl
def flodl_initializers() -> Iterable[InitializerSpec]:
    """Ways to fill parameters."""
    return INITIALIZERS


@hookimpl
def flodl_ops() -> Iterable[OpSpec]:
    """Functions of tensors: flodl-core's table, which needs torch as this distribution does."""
    return [row.spec for row in TABLE.values()]


@hookimpl
def flodl_datasets() -> Iterable[DatasetSpec]:
    """Sources of data."""
    return DATASETS
