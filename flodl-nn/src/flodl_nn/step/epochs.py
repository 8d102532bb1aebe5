"""Between two epochs: what is open is closed, and whoever watches the metrics decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

from flodl_core import TrainingError
from flodl_core.trends import Trend
from torch import nn

from flodl_nn.step.acts import Acts
from flodl_nn.step.offers import offered
from flodl_nn.step.parts import TrainedParts
from flodl_nn.step.rates import Rates
from flodl_nn.step.rules import StepRules
from flodl_nn.step.update import Update


@final
class Epochs:
    """Counts the epochs of a step, and ends each.

    Args:
        model: Whose own epoch ends too, if it has such.
        parts: What rules act on.
        update: Whose open window is closed.
        rates: Where a plateau decides.
        rules: Asked at the end of each epoch.
    """

    def __init__(self, model: nn.Module, parts: TrainedParts, update: Update, rates: Rates, rules: StepRules) -> None:
        self._model, self._parts, self._update, self._rates, self._rules = model, parts, update, rates, rules
        self.finished = 0
        self.stopped = False
        """Is training to end with this epoch?"""

    def end(self, metrics: Mapping[str, float]) -> dict[str, float]:
        """End one; all metrics, those given and those that the model recorded."""
        self._update.close()
        recorded = offered(self._model, "end_epoch")
        values = {**(recorded or {}), **metrics}
        mean = self._rules.mean_loss(values, metrics)
        known, given = {**mean, **values}, {**metrics, **mean}
        self._rates.end_epoch(known, self._update.steps, lambda name: None if name in given else self._point(name))
        self.finished += 1
        self._rules.end_epoch({**values, **mean}, given, self.finished, Acts(self._model, self._parts, self.stop))
        return values

    def stop(self) -> None:
        """Let this one be the last."""
        self.stopped = True

    def _point(self, name: str) -> int | None:
        """The epoch of the last point that the model has of a metric: it gives the value of an old one too."""
        trend = getattr(self._model, "trend", None)
        curve = trend(name) if callable(trend) else None
        return curve.epochs[-1] if isinstance(curve, Trend) and curve.epochs else None


def numbers(metrics: Any) -> dict[str, float]:
    """Metrics that somebody handed in, each as a number.

    Raises:
        TrainingError: They have no names, or one is no number.
    """
    if not isinstance(metrics, Mapping):
        raise _no_metrics(f"metrics go by name, got {metrics!r}")
    found = {}
    for name, value in metrics.items():
        if not isinstance(name, str) or not name:
            raise _no_metrics(f"metrics go by name, got {name!r}")
        try:
            found[name] = float(value)
        except (TypeError, ValueError, RuntimeError) as error:
            raise _no_metrics(f"the metric {name!r} is no number: {value!r}") from error
    return found


def _no_metrics(what: str) -> TrainingError:
    return TrainingError(what, where="end_epoch", mend='end_epoch({"val_loss": 0.5})')
