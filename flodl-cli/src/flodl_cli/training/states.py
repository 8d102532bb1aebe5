"""The states of a run, where [checkpoint] names a folder for them."""

from __future__ import annotations

import warnings
from contextlib import AbstractContextManager, nullcontext

from flodl_core.checkpoint import TrainingState
from flodl_core.errors import CheckpointError, ExperimentError
from flodl_monitor import Monitor

from flodl_cli.output.human import note
from flodl_cli.training.course import Course
from flodl_cli.training.run import Run


def states(run: Run, course: Course, monitor: Monitor, resume: bool) -> AbstractContextManager[TrainingState | None]:
    """A block that saves the run as the experiment says, after going on where the newest state ends.

    Raises:
        ExperimentError: To resume, and there is no folder to resume from.
        CheckpointError: The folder holds states, and nobody said to go on with them; or none of them is good.
    """
    table = run.experiment.checkpoint
    if table is None or table.folder is None:
        if resume:
            raise ExperimentError(
                "nothing to resume from: [checkpoint] names no folder of training states",
                where=run.document.file,
                mend='folder = "runs/states" in [checkpoint]',
            )
        return nullcontext()
    state = TrainingState(
        table.folder,
        keep_last=table.keep_last,
        keep_best=table.keep_best,
        goal=table.goal,
        every=table.every,
        step=run.step,
        course=course,
        monitor=monitor,
    )
    _begin(state, table.folder, resume or table.resume)
    return state


def _begin(state: TrainingState, named: str, resume: bool) -> None:
    """Go on, or begin; the folder is told as the experiment names it."""
    if not resume and state.latest is not None:
        raise CheckpointError(
            "the folder holds the states of an earlier run",
            where=named,
            mend="--resume goes on with it; for a new run name another folder, or remove this one",
        )
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = state.resume()
    for warning in said:
        note(str(warning.message))
    if resume:
        folder = state.latest.name if found and state.latest is not None else "no state yet: a new run"
        note(f"{named}: {folder}")
