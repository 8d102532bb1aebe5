"""All of a step's state: what a resumed run needs beside the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, final

import attrs
import torch
from flodl_core import CheckpointError
from flodl_core.freezing import held_paths, hold_only
from torch import nn

from flodl_nn.schedules.plateau import PlateauState
from flodl_nn.step.epochs import Epochs
from flodl_nn.step.optimizer_state import (
    check_gradients,
    check_parts,
    copied,
    load_gradients,
    load_parts,
    save_parts,
)
from flodl_nn.step.parts import TrainedParts
from flodl_nn.step.rates import Rates
from flodl_nn.step.rules import StepRules
from flodl_nn.step.update import Update

_FORMAT = 1
_DUE = {"steps", "epoch", "stopped", "pending", "window", "optimizer", "scaler", "plateau", "rules"}


@final
@attrs.frozen
class StepState:
    """What the state is made of, saved and loaded as one."""

    model: nn.Module
    parts: TrainedParts
    update: Update
    rates: Rates
    rules: StepRules
    epochs: Epochs

    def save(self) -> dict[str, Any]:
        """Plain data and the live tensors."""
        scaler = self.update.scaler
        return {
            "format": _FORMAT,
            "steps": self.update.steps,
            "epoch": self.epochs.finished,
            "stopped": self.epochs.stopped,
            "pending": self.update.pending,
            "accumulate": self.update.accumulate,
            "window": self.update.window(),
            "optimizer": save_parts(self.parts),
            "scaler": None if scaler is None else scaler.state_dict(),
            "plateau": attrs.asdict(self.rates.plateau),
            "rules": self.rules.state_dict(),
            "run": _save_run(self.model),
            "held": held_paths(self.model),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from there. Nothing changes unless all of it fits.

        Raises:
            CheckpointError: It is of another format, model, optimizer or grouping.
        """
        _check_format(state)
        self.parts.refresh()
        check_parts(self.parts, state["optimizer"])
        _check_window(self.update, state)
        check_gradients(self.parts, state["window"])
        self.rules.check(state["rules"])
        plateau = PlateauState(**state["plateau"])
        run, held = state.get("run"), state.get("held")
        if held is not None:
            _check_held(self.model, held)
        if run is not None:
            _check_run(self.model, run)
            _load_run(self.model, run)
        if held is not None:
            hold_only(self.model, held)
        load_parts(self.parts, state["optimizer"])
        load_gradients(self.parts, state["window"])
        self.update.steps, self.update.pending = state["steps"], state["pending"]
        self.epochs.finished, self.epochs.stopped = state["epoch"], state["stopped"]
        self.rates.plateau = plateau
        self.rules.load_state_dict(state["rules"])
        if self.update.scaler is not None and state["scaler"]:
            _load_scaler(self.update.scaler, state["scaler"], self.parts.first.device)


def _check_format(state: Any) -> None:
    found = state.get("format") if isinstance(state, Mapping) else None
    if found != _FORMAT:
        raise CheckpointError(f"this is no state of a training step, or of another version: format {found!r}")
    if missing := sorted(_DUE - state.keys()):
        raise CheckpointError(f"the state lacks {', '.join(missing)}")


def _check_window(update: Update, state: Mapping[str, Any]) -> None:
    """Can an open window go on here? Its gradients are parts of a mean, and under a loss scale if there was one.

    Raises:
        CheckpointError: It cannot.
    """
    pending, accumulate = state["pending"], state.get("accumulate", update.accumulate)
    if pending and (accumulate != update.accumulate or pending >= accumulate):
        raise CheckpointError(
            f"it was saved after {pending} batches of a window, and this step has accumulate={update.accumulate}",
            mend="the accumulate= it was saved with; at the end of an epoch windows are closed",
        )
    if pending and bool(state["scaler"]) != (update.scaler is not None):
        raise CheckpointError(
            "the state was saved inside a window, and of saved and present step one has a loss scale",
            mend="the precision= it was saved with; at the end of an epoch windows are closed",
        )


def _load_scaler(scaler: torch.amp.GradScaler, saved: Mapping[str, Any], device: torch.device) -> None:
    """A loss scale that can be used at once: torch waits for a first loss, and an open window may have had its last."""
    scaler.load_state_dict(copied(saved))
    scaler.scale(torch.zeros((), device=device))


def _save_run(model: nn.Module) -> dict[str, Any]:
    """What a model has besides weights, by the path of each module that offers `run_state` (a Graph does)."""
    return {path: module.run_state() for path, module in _running(model, "")}


def _check_run(model: nn.Module, saved: Mapping[str, Any]) -> None:
    """Are the modules that keep such state those of the saved model?

    Raises:
        CheckpointError: They are not.
    """
    if {path for path, _ in _running(model, "")} != set(saved):
        raise CheckpointError("the state is of another model: what it carries from call to call is not what this does")


def _check_held(model: nn.Module, held: Any) -> None:
    """Has the model the layers that held their statistics still?

    Raises:
        CheckpointError: It has not.
    """
    paths = {path for path, _ in model.named_modules()}
    if not isinstance(held, list) or not all(isinstance(path, str) and path in paths for path in held):
        raise CheckpointError("the state is of another model: it holds statistics still that this has not")


def _load_run(model: nn.Module, saved: Mapping[str, Any]) -> None:
    """Take over what `check_run` found fitting."""
    for path, module in _running(model, ""):
        module.load_run_state(saved[path])


def _running(module: nn.Module, path: str) -> Iterator[tuple[str, Any]]:
    """The outermost ones: each speaks for what is inside it."""
    if callable(getattr(module, "run_state", None)):
        yield path, module
        return
    for name, child in module.named_children():
        yield from _running(child, f"{path}.{name}" if path else name)
