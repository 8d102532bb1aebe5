"""Reading what is being trained: a step, a graph, any module, or nothing. All that it may offer is optional."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from flodl_core.errors import MonitorError, TrainingError
from flodl_core.rules import Firing

from flodl_monitor.notices import describe
from flodl_monitor.scalars import as_count, as_name, as_number


def finished_epochs(source: object) -> int | None:
    """Epochs that the source has behind it; None when it does not count.

    Raises:
        TrainingError: It has an `epoch` that is no count.
    """
    count: Any = getattr(source, "epoch", None)
    if count is None:
        return None
    try:
        return as_count(count)
    except (MonitorError, TypeError):
        raise TrainingError(f"{type(source).__name__}.epoch counts finished epochs, got {count!r}") from None


def is_stopped(source: object) -> bool:
    """Whether a rule has ended the training.

    Raises:
        TrainingError: It has a method of that name: as a word of its own it would always be true.
    """
    stopped = getattr(source, "stopped", False)
    if callable(stopped):
        raise TrainingError(
            f"{type(source).__name__}.stopped says whether training is over, got a method", mend="make it a property"
        )
    return bool(stopped)


def close_epoch(source: object, recorded: Mapping[str, float]) -> object:
    """Tell the source that its epoch is over, and get the epoch's metrics.

    Args:
        recorded: What the monitor was given; a source whose `end_epoch` takes `metrics` decides by it.
    """
    end_epoch = getattr(source, "end_epoch", None)
    if not callable(end_epoch):
        return {}
    return end_epoch(metrics=recorded) if recorded and _takes_metrics(end_epoch) else end_epoch()


def fired_by(source: object) -> tuple[Firing, ...]:
    """What rules did at the end of the source's last epoch: its `fired`, where it has rules.

    Args:
        source: Or a pair of it and further metrics, as `metrics_of` takes it.
    """
    holder = source[0] if isinstance(source, tuple) and len(source) == 2 else source
    fired: Any = getattr(holder, "fired", ())
    return tuple(firing for firing in fired if isinstance(firing, Firing)) if isinstance(fired, tuple | list) else ()


def running_metrics_of(source: object) -> Mapping[str, float]:
    """The means so far, where the source or its model can tell; asked while it trains, from another thread."""
    for holder in (source, getattr(source, "model", None)):
        running = getattr(holder, "running_metrics", None)
        if callable(running):
            try:
                return {as_name(name): as_number(value) for name, value in running().items()}
            except Exception:  # it was just changing; the next look sees it
                return {}
    return {}


def numbers_of(given: object, say: Callable[[str, str], None]) -> dict[str, float]:
    """The metrics in what `log` was given, as numbers by name; what is none is left out.

    Args:
        say: Told a subject, and what is wrong with it.
    """
    try:
        metrics = metrics_of(given)
    except TrainingError as error:
        say("metrics", error.what)
        return {}
    numbers: dict[str, float] = {}
    for name, value in metrics.items():
        try:
            numbers[as_name(name)] = as_number(value)
        except Exception as error:
            say(f"metric {name}", f"metric {name!r} is left out ({describe(error)})")
    return numbers


def _takes_metrics(end_epoch: Callable[..., object]) -> bool:
    try:
        return "metrics" in inspect.signature(end_epoch).parameters
    except (TypeError, ValueError):  # something that is not written in Python
        return False


def metrics_of(given: object) -> Mapping[object, object]:
    """The metrics in what `log` was given: themselves, a graph's or a step's latest, or such a one with extras.

    Raises:
        TrainingError: It is none of these.
    """
    if given is None:
        return {}
    if isinstance(given, Mapping):
        return given
    if isinstance(given, tuple) and len(given) == 2 and isinstance(given[1], Mapping):
        return {**metrics_of(given[0]), **given[1]}
    for holder in (given, getattr(given, "model", None)):
        latest = getattr(holder, "latest_metrics", None)
        if callable(latest):
            return metrics_of(latest())
    if callable(getattr(given, "end_epoch", None)) or callable(getattr(given, "parameters", None)):
        return {}  # a step or a plain module, which keeps no metrics
    raise TrainingError(
        f"metrics are a mapping, a graph or a step, got a value of type {type(given).__name__}",
        mend='monitor.log(epoch, seconds, {"loss": loss})',
    )
