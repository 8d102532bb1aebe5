"""The loop: epochs of learning, each judged by the held-out part."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from typing import final

import torch
from attrs import frozen
from flodl_core.errors import FlodlError, TrainingError
from flodl_monitor import Monitor

from flodl_cli.experiment.faults import Faults
from flodl_cli.training.course import Course
from flodl_cli.training.examples import Batch
from flodl_cli.training.interrupt import Interrupt
from flodl_cli.training.run import Run
from flodl_cli.training.states import states
from flodl_cli.training.tally import Tally

_JUDGED_AT_ONCE = 256


@final
@frozen
class Outcome:
    """What came of a run.

    Args:
        epochs: Epochs finished.
        seconds: What training took, all in all.
        interrupted: Whether Ctrl-C ended it.
        held_out: The held-out part, judged by the last weights; None where nothing is held out.
    """

    epochs: int
    seconds: float
    interrupted: bool
    held_out: Tally | None


def train(run: Run, *, resume: bool = False) -> Outcome:
    """Train as the experiment says, or until Ctrl-C.

    Args:
        resume: Go on where the newest training state ends.

    Raises:
        TrainingError: The loss is no longer a number, or a step failed.
        CheckpointError: A training state cannot be written, or read.
        Preempted: A signal asked the run to stop, and it is saved.
    """
    began = time.monotonic()
    train_table = run.experiment.train
    held_out: Tally | None = None
    faults = Faults(run.document)
    monitor = faults.told(lambda: Monitor(train_table.epochs, sinks=list(run.sinks)), "monitor", "sinks")
    course = Course(run.learn, run.experiment.data.batch_size, train_table.seed)
    monitor.watch(run.step, **_settings(run))
    with Interrupt() as interrupt, monitor, states(run, course, monitor, resume) as state:
        for epoch in monitor.epochs(run.step):
            held_out = None
            _learn(run, monitor.batches(course.batches(epoch), course.left(epoch)), course, interrupt)
            if interrupt.wanted:
                if state is not None:
                    state.save()
                break
            metrics = {"loss": _finite(course.tally.loss(), epoch)}
            if len(run.held_out):
                held_out = judge(run)
                metrics["val_loss"] = held_out.loss()
                if run.classes:
                    metrics["val_accuracy"] = held_out.accuracy()
            run.model.record(metrics)
    if len(run.held_out) and held_out is None:
        held_out = judge(run)
    return Outcome(run.step.epoch, time.monotonic() - began, interrupt.wanted, held_out)


def _settings(run: Run) -> dict[str, object]:
    """The experiment as it was written, but for what the drawing of its model shows better."""
    return {table: settings for table, settings in run.document.data.items() if table not in ("model", "monitor")}


def judge(run: Run) -> Tally:
    """Loss and confusion on the held-out part, without learning from it."""
    tally = Tally(run.classes)
    for batch in run.held_out.batches(max(run.experiment.data.batch_size, _JUDGED_AT_ONCE)):
        loss, beside = run.step.evaluate(*batch)
        tally.add(loss, len(batch[0]), beside["outputs"], beside["target"])
    return tally


def _learn(run: Run, batches: Iterable[Batch], course: Course, interrupt: Interrupt) -> None:
    """One pass over the examples, or what is left of it."""
    for batch in batches:
        try:
            loss, _ = run.step(*batch)
        except FlodlError:
            raise
        except Exception as error:
            raise _failed(error, run.step.epoch, course.position) from error
        course.tally.add(loss, len(batch[0]))
        if interrupt.wanted:
            break


def _finite(loss: float, epoch: int) -> float:
    if math.isfinite(loss):
        return loss
    raise TrainingError(
        f"the loss of epoch {epoch + 1} is {loss}: training has diverged, nothing is saved",
        mend="a lower lr in [optimizer], a warmup in [schedule], or clip_norm = 1.0 in [train]",
    )


def _failed(error: Exception, epoch: int, number: int) -> TrainingError:
    said = str(error).splitlines()[0] if str(error) else repr(error)
    full = isinstance(error, torch.OutOfMemoryError)
    return TrainingError(
        f"epoch {epoch + 1}, batch {number} failed: {type(error).__name__}: {said}",
        mend="a smaller batch_size in [data], with accumulate in [train]" if full else "--debug shows all of it",
    )
