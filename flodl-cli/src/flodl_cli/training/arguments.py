"""Every component's arguments held against its signature, and the flow read, before anything is made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flodl_core.errors import FlodlError
from flodl_core.reference import Ref
from flodl_core.registry import components
from flodl_graph import FlowBuilder

from flodl_cli.experiment.faults import Faults
from flodl_cli.experiment.schema import Experiment, table_of


def check_arguments(experiment: Experiment, sinks: Sequence[Ref], faults: Faults) -> FlowBuilder:
    """The model's flow, where nothing is wrong with it or with any other arguments.

    Raises:
        FlodlError: What does not fit, all of it.
    """
    _bind(faults, "dataset", experiment.data.reference, ("data",))
    _bind(faults, "loss", experiment.loss.reference, ("loss",))
    _bind(faults, "optimizer", experiment.optimizer.reference, ("optimizer",), [])
    several = isinstance(faults.document.data.get("schedule"), list)
    for index, table in enumerate(experiment.schedule):
        _bind(faults, "scheduler", table.reference, ("schedule", index) if several else ("schedule",))
    for index, sink in enumerate(sinks):
        _bind(faults, "sink", sink, ("monitor", "sinks", index))
    flow = _flow(experiment, faults)
    faults.raise_any()
    return flow


def _bind(faults: Faults, kind: str, reference: Ref, path: tuple[str | int, ...], *before: Any) -> None:
    try:
        components.find(kind, reference.name).bind(*before, *reference.args, **reference.kwargs)
    except FlodlError as error:
        wrong = [key for key in reference.kwargs if f"argument {key!r}" in error.what]
        home = next((home for key in wrong if "takes no" in error.what and (home := table_of(key))), None)
        if home is not None:  # nearer than any argument that is spelt alike
            error = type(error)(error.what, where=error.where, mend=f"it is a key of [{home}]")
        faults.adopt(error, *path, *wrong[:1], mend=f"flodl show {kind} {reference.name}")


def _flow(experiment: Experiment, faults: Faults) -> FlowBuilder:
    try:
        return FlowBuilder.from_tables(
            experiment.model.flow,
            lambda index: faults.document.where("model", "flow", index),
            label=experiment.model.label,
        )
    except FlodlError as error:
        faults.adopt(error, "model", "flow", mend="flodl show module NAME tells what each takes")
        return FlowBuilder()
