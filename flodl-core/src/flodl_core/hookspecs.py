"""Every hook on one page: what a distribution may bring to flodl.

A plugin is a module, named by an entry point of the group `flodl`:

    [project.entry-points.flodl]
    acme = "acme.flodl_plugin"

Each hook takes no argument and returns (or yields) specs: frozen data that names its target as a
string, so that listing imports nothing heavy. Hooks run when the registry is first asked, never in
a training step; their order means nothing. Arguments may be added to a hook, never removed, while
`API_VERSION` stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from flodl_core.component import (
        CommandSpec,
        DatasetSpec,
        InitializerSpec,
        LossSpec,
        MergeOpSpec,
        ModuleSpec,
        OpSpec,
        OptimizerSpec,
        ProbeSpec,
        SchedulerSpec,
        SinkSpec,
        WordSpec,
    )

API_VERSION = 1
"""The version of this page. A spec's `requires_api` is compared with it before its target is imported."""

hookspec = pluggy.HookspecMarker("flodl")
hookimpl = pluggy.HookimplMarker("flodl")


@hookspec
def flodl_modules() -> Iterable[ModuleSpec]:  # type: ignore[empty-body]
    """Layers, activations, whole networks: the product is a `torch.nn.Module`, called `f(stream, **refs)`."""


@hookspec
def flodl_losses() -> Iterable[LossSpec]:  # type: ignore[empty-body]
    """Losses: the product is called `f(*outputs, *targets)` and returns a scalar."""


@hookspec
def flodl_optimizers() -> Iterable[OptimizerSpec]:  # type: ignore[empty-body]
    """Optimizers: the target is called `f(params, ...)` and returns a `torch.optim.Optimizer`."""


@hookspec
def flodl_schedulers() -> Iterable[SchedulerSpec]:  # type: ignore[empty-body]
    """Schedules: the product turns an optimizer step into a factor on each group's own rate."""


@hookspec
def flodl_merge_ops() -> Iterable[MergeOpSpec]:  # type: ignore[empty-body]
    """Ways to join branches: the product is called `f(*values)`."""


@hookspec
def flodl_sinks() -> Iterable[SinkSpec]:  # type: ignore[empty-body]
    """Where a monitor's records go: the product has `emit(record)` and `close()`."""


@hookspec
def flodl_initializers() -> Iterable[InitializerSpec]:  # type: ignore[empty-body]
    """Ways to fill a parameter: the product is called `f(tensor)` and fills it in place."""


@hookspec
def flodl_ops() -> Iterable[OpSpec]:  # type: ignore[empty-body]
    """Functions of tensors, by name."""


@hookspec
def flodl_words() -> Iterable[WordSpec]:  # type: ignore[empty-body]
    """Words of the graph builder: the target is a node class whose `from_words` is its schema."""


@hookspec
def flodl_datasets() -> Iterable[DatasetSpec]:  # type: ignore[empty-body]
    """Sources of data: the product is a map-style data set whose items are tuples of tensors."""


@hookspec
def flodl_probes() -> Iterable[ProbeSpec]:  # type: ignore[empty-body]
    """Meters of the machine: the product has `sample()`, a mapping of names to numbers, and `close()`."""


@hookspec
def flodl_commands() -> Iterable[CommandSpec]:  # type: ignore[empty-body]
    """Commands of `flodl`: the target is a `click.Command`."""


HOOKS = {
    "flodl_modules": "module",
    "flodl_losses": "loss",
    "flodl_optimizers": "optimizer",
    "flodl_schedulers": "scheduler",
    "flodl_merge_ops": "merge_op",
    "flodl_sinks": "sink",
    "flodl_initializers": "initializer",
    "flodl_ops": "op",
    "flodl_words": "word",
    "flodl_datasets": "dataset",
    "flodl_probes": "probe",
    "flodl_commands": "command",
}
"""Every hook, and the kind of component it brings."""
