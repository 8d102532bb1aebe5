"""Reading what is being trained: a step, a graph, any module, or nothing. All that it may offer is optional."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flodl_core.errors import TrainingError
from flodl_core.rules import Firing

from flodl_monitor.scalars import as_name, as_number


def finished_epochs(source: object) -> int | None:
    """Epochs that the source has behind it; None when it does not count.

    Raises:
        TrainingError: It has an `epoch` that is no count.
    """
    count: Any = getattr(source, "epoch", None)
    if count is None:
        return None
    try:
        epochs = int(count)
    except (TypeError, ValueError):
        epochs = -1
    if epochs < 0:
        raise TrainingError(f"{type(source).__name__}.epoch counts finished epochs, got {count!r}")
    return epochs


def is_stopped(source: object) -> bool:
    """Whether a rule has ended the training."""
    return bool(getattr(source, "stopped", False))


def close_epoch(source: object) -> object:
    """Tell the source that its epoch is over, and get the epoch's metrics."""
    end_epoch = getattr(source, "end_epoch", None)
    return end_epoch() if callable(end_epoch) else {}


def fired_by(source: object) -> tuple[Firing, ...]:
    """What rules did at the end of the source's last epoch: its `fired`, where it has rules."""
    fired: Any = getattr(source, "fired", ())
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
