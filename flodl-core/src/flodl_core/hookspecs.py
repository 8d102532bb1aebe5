"""Every hook on one page: what a distribution may bring to flodl.

A plugin is a module, named by an entry point of the group `flodl`:

    [project.entry-points.flodl]
    acme = "acme.flodl_plugin"

Each hook takes no argument and returns (or yields) specs: frozen data that names its target as a
string, so that listing imports nothing heavy. Hooks run when the registry is first asked, never in
a training step; their order means nothing. A hook may gain arguments with defaults, and a spec fields with
defaults; neither loses any while `API_VERSION` stays.
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
    """Layers, activations, whole networks: each product is a `torch.nn.Module`.

    In a flow it is called `module(stream, **references)`; the first output is the stream that goes on.
    `inputs` and `outputs` name what `forward` takes and returns, where its signature does not tell.

        @hookimpl
        def flodl_modules():
            yield ModuleSpec(
                name="swiglu",
                target="acme.layers:SwiGLU",
                summary="Gated SiLU feed-forward.",
                example=Example(args=(8,), inputs=("f32[4,8]",)),
            )
    """


@hookspec
def flodl_losses() -> Iterable[LossSpec]:  # type: ignore[empty-body]
    """What training makes small: each product is called `loss(*outputs, *targets)`.

    It returns one number, a tensor without dimensions.

        @hookimpl
        def flodl_losses():
            yield LossSpec(name="poly1", target="acme.losses:Poly1", summary="Cross entropy and one more term.")
    """


@hookspec
def flodl_optimizers() -> Iterable[OptimizerSpec]:  # type: ignore[empty-body]
    """Ways to update parameters: the factory is called `factory(params, **options)`.

    It returns a `torch.optim.Optimizer`.

        @hookimpl
        def flodl_optimizers():
            yield OptimizerSpec(name="tiger", target="acme.optim:Tiger", summary="Signs of momentum, one state.")
    """


@hookspec
def flodl_schedulers() -> Iterable[SchedulerSpec]:  # type: ignore[empty-body]
    """Learning rates over time: each product is a schedule.

    A schedule is a pure function of the optimizer step to a factor on each group's own rate.

        @hookimpl
        def flodl_schedulers():
            yield SchedulerSpec(name="sawtooth", target="acme.schedules:sawtooth", summary="Falls, and jumps back.")
    """


@hookspec
def flodl_merge_ops() -> Iterable[MergeOpSpec]:  # type: ignore[empty-body]
    """Ways to join branches of a flow: each product is called `op(*values)`.

    It returns one value, which is the stream that goes on.

        @hookimpl
        def flodl_merge_ops():
            yield MergeOpSpec(name="gated_sum", target="acme.merges:GatedSum", summary="A learned weight per branch.")
    """


@hookspec
def flodl_sinks() -> Iterable[SinkSpec]:  # type: ignore[empty-body]
    """Where a monitor's records go: each product has `emit(record)` and `close()`.

    A sink that raises is named once and dropped; training goes on.

        @hookimpl
        def flodl_sinks():
            yield SinkSpec(name="telegraph", target="acme.sinks:Telegraph", summary="One line of Morse per epoch.")
    """


@hookspec
def flodl_initializers() -> Iterable[InitializerSpec]:  # type: ignore[empty-body]
    """Ways to fill a parameter: each product is called `init(tensor)`.

    It fills the tensor in place, and returns it.

        @hookimpl
        def flodl_initializers():
            yield InitializerSpec(name="lattice", target="acme.init:lattice", summary="Points of a lattice.")
    """


@hookspec
def flodl_ops() -> Iterable[OpSpec]:  # type: ignore[empty-body]
    """Functions of tensors, by name: the factory returns the function.

    The function is called `op(*tensors)`.

        @hookimpl
        def flodl_ops():
            yield OpSpec(name="softcap", target="acme.ops:softcap", summary="Bends large values down smoothly.")
    """


@hookspec
def flodl_words() -> Iterable[WordSpec]:  # type: ignore[empty-body]
    """Words of the graph builder: the target is a node class.

    Its class method `from_words` says what the word takes, in Python and in TOML alike.

        @hookimpl
        def flodl_words():
            yield WordSpec(name="highway", target="acme.words:Highway", summary="Leads part of the stream past a body.")
    """


@hookspec
def flodl_datasets() -> Iterable[DatasetSpec]:  # type: ignore[empty-body]
    """Sources of data: the factory is called `factory(**options)`.

    It returns a map-style `torch.utils.data.Dataset` whose items are tuples of tensors, the input
    first, the target last; an attribute `classes` names the classes where there are some.

        @hookimpl
        def flodl_datasets():
            yield DatasetSpec(name="tides", target="acme.data:tides", summary="Sea level at 12 harbours, hourly.")
    """


@hookspec
def flodl_probes() -> Iterable[ProbeSpec]:  # type: ignore[empty-body]
    """Meters of the machine: each product has `sample()` and `close()`.

    `sample()` returns a mapping of names to numbers; what is not there is left out.

        @hookimpl
        def flodl_probes():
            yield ProbeSpec(name="fan", target="acme.probes:Fan", summary="Fan speed in turns per minute.")
    """


@hookspec
def flodl_commands() -> Iterable[CommandSpec]:  # type: ignore[empty-body]
    """Commands of `flodl`: the target is a `click.Command`.

    It is imported when the command is called; help shows the summary. flodl's own commands win over a plugin's.

        @hookimpl
        def flodl_commands():
            yield CommandSpec(name="autopsy", target="acme.cli:autopsy", summary="Explain a run that diverged.")
    """


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
