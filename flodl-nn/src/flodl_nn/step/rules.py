"""The rules of a training step: what trends they read, and what their actions do to model and optimizer."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any, final

import torch
from flodl_core import CheckpointError, FlodlError, TrainingError
from flodl_core.errors import join_errors
from flodl_core.paths import select_parameters
from flodl_core.rules import Firing, Rule, RuleBook
from flodl_core.rules.action import ScaleLr
from flodl_core.rules.book import saved_memories
from flodl_core.trends.ledger import Ledger
from torch import Tensor, nn

from flodl_nn.step.acts import Acts, covers
from flodl_nn.step.parts import TrainedParts
from flodl_nn.step.sources import Sources

LOSS = "loss"
"""What the mean loss of an epoch is called, where the model records none itself."""


@final
class StepRules:
    """Rules, asked at the end of each epoch.

    Trends are the model's own where it keeps any (a Graph does). Otherwise they are of the metrics that
    `end_epoch` is given. Where nobody records a `"loss"`, it is the mean of the epoch's losses.

    Args:
        rules: `when(...).do(...)`, or tables.
        model: Whose parts the actions name.
        reads: Metrics that a schedule reads.

    Raises:
        TrainingError: Something that is no rule.
        PathError: An action names nothing in the model; all such together.
    """

    def __init__(self, rules: Iterable[Rule | Mapping[str, Any]], model: nn.Module, reads: frozenset[str]) -> None:
        self._book, self._model = RuleBook(rules), model
        self._ledger = Ledger()
        self._own: Any = model if callable(getattr(model, "trends", None)) else None
        self._total: Tensor | None = None
        self._count = 0
        self._savers: list[Callable[[], object]] = []
        self.fired: tuple[Firing, ...] = ()
        self.hears = bool(self._book.rules) or LOSS in reads
        """Is the mean loss wanted?"""
        _check_paths(self._book.rules, model)

    @property
    def apart(self) -> tuple[str, ...]:
        """Paths whose rate is scaled, so that their parameters need groups of their own."""
        scaled = (action.path for rule in self._book.rules for action in rule.actions if isinstance(action, ScaleLr))
        return tuple(dict.fromkeys(path for path in scaled if path))

    def check_groups(self, parts: TrainedParts) -> None:
        """Whether every rate can be scaled alone.

        Raises:
            TrainingError: A built optimizer has a part in one group with others.
        """
        for path in self.apart:
            if any(0.0 < covered < 1.0 for covered in covers(self._model, parts, path)):
                raise TrainingError(
                    f"scale_lr(..., {path!r}): the optimizer has {path!r} in one group with other parts",
                    mend='groups of their own when it is built, or a recipe: optimizer=ref("adam", lr=1e-3)',
                )

    def hear(self, result: Any) -> None:
        """Count the loss of a step into the epoch's mean. Waits for no device."""
        loss = result[0] if isinstance(result, tuple) else result
        total = loss.new_zeros((), dtype=_wide(loss)) if self._total is None else self._total
        self._total, self._count = total + loss, self._count + 1

    def on_save(self, saver: Callable[[], object]) -> None:
        """Let `save()` in a rule call this."""
        self._savers.append(saver)

    def mean_loss(self, values: Mapping[str, float], given: Mapping[str, float]) -> dict[str, float]:
        """The mean of the epoch's losses where nobody else records one, and begin the next. Waits for the device.

        Args:
            values: All metrics of the epoch.
            given: Those that the model does not keep itself.
        """
        total, count = self._total, self._count
        self._total, self._count = None, 0
        unheard = LOSS not in self._handed(values, given)
        unheard &= LOSS not in values or LOSS in self._ledger.names()  # or was, until now
        return {LOSS: float(total) / count} if unheard and total is not None else {}

    def end_epoch(self, values: Mapping[str, float], given: Mapping[str, float], epoch: int, controls: Acts) -> None:
        """Ask the rules, and let those act whose condition holds.

        Args:
            values: All metrics of the epoch.
            given: Those that the model does not keep itself, the mean loss among them.
            epoch: Epochs finished, this one included.
        """
        if not self._book.rules:
            return
        self._ledger.enter(epoch - 1, self._handed(values, given))
        self.fired = self._book.ask(Sources(self._ledger, self._own), controls, epoch)
        if controls.wants_save:
            self._save()

    def state_dict(self) -> dict[str, Any]:
        """What the rules remember, and what they read: plain data and one tensor."""
        return {
            "memories": self._book.state_dict(),
            "ledger": self._ledger.state_dict(),
            "total": self._total,
            "count": self._count,
        }

    def check(self, state: Any) -> None:
        """Whether a state fits.

        Raises:
            CheckpointError: It does not.
        """
        if not isinstance(state, Mapping) or state.keys() != {"memories", "ledger", "total", "count"}:
            raise CheckpointError("the state of the rules is of another form")
        saved_memories(state["memories"])
        Ledger().load_state_dict(state["ledger"])

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `check` found fitting."""
        self._book.load_state_dict(state["memories"])
        self._ledger.load_state_dict(state["ledger"])
        total = state["total"]
        self._total = None if total is None else total.detach().clone()
        self._count, self.fired = state["count"], ()

    def _handed(self, values: Mapping[str, float], given: Mapping[str, float]) -> Mapping[str, float]:
        """What is kept here: all where the model keeps no trends."""
        return values if self._own is None else given

    def _save(self) -> None:
        if not self._savers:
            warnings.warn(
                "a rule wants to save the run, and nobody listens: step.on_save(state.save)", UserWarning, stacklevel=5
            )
        for saver in self._savers:
            saver()


def _check_paths(rules: Iterable[Rule], model: nn.Module) -> None:
    """A path that is wrong is told now, and not when its rule fires."""
    errors: list[FlodlError] = []
    for rule in rules:
        for action in rule.actions:
            try:
                select_parameters(model, getattr(action, "path", ""))
            except FlodlError as error:
                errors.append(type(error)(f"{action}: {error.what}", where=rule.where, mend=error.mend))
    if errors:
        raise join_errors(errors)


def _wide(loss: Tensor) -> torch.dtype:
    """The type that sums are kept in: the widest that the device has."""
    return torch.float32 if loss.device.type == "mps" else torch.float64
