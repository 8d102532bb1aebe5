"""The schedules of an experiment as one: each takes over where the one before it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flodl_core.errors import ExperimentError, FlodlError
from flodl_core.registry import components
from flodl_core.where import Where

from flodl_cli.experiment.schema import Experiment, ScheduleTable
from flodl_cli.training.recorded import Recorded


def make_schedule(experiment: Experiment, batches: int, recorded: Recorded, places: Callable[[int], Where]) -> Any:
    """One after the other; one that counts epochs ticks once per epoch's steps. None where there is none.

    Args:
        batches: Of an epoch.
        places: Where the n-th schedule stands, for messages.

    Raises:
        FlodlError: One cannot be made.
        ExperimentError: One waits for a metric that no epoch records, or for the end of one that has none.
    """
    steps = -(-batches // experiment.train.accumulate)
    made = [_one(table, steps, places(index)) for index, table in enumerate(experiment.schedule)]
    if not made:
        return None
    for schedule, _ in made:
        _check_metric(schedule, recorded)
    chain, after = made[0]
    for following, its_after in made[1:]:
        if after is None and chain.length is None:
            what = f"{chain!r} never ends, so nothing can follow it"
            raise ExperimentError(what, mend="after = 100 in its [[schedule]]")
        chain, after = chain.then(following, after=after), its_after
    return chain


def _one(table: ScheduleTable, steps: int, place: Where) -> tuple[Any, int | None]:
    """The schedule, and after how many steps the next one takes over."""
    try:
        made = components.create("scheduler", table.reference)
    except FlodlError as error:
        mend = error.mend or f"flodl show scheduler {table.use}"
        raise type(error)(error.what, where=error.where or place, mend=mend) from error
    if table.per == "step":
        return made, table.after
    return made.every(steps), None if table.after is None else table.after * steps


def _check_metric(schedule: Any, recorded: Recorded) -> None:
    """A plateau that waits for what never comes would leave the rate as it is."""
    plateau = schedule.plateau_at(0)
    if plateau is not None and plateau.metric not in recorded.names:
        raise recorded.fault(f"{plateau!r} reads", plateau.metric)
