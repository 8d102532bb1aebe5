"""How a training step runs: recorded on the GPU and replayed where that can be, eagerly where not, and why."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable
from typing import Any, final

import torch
from flodl_core import TrainingError
from flodl_core.capture import AttributeSlots, CapturedStep, CaptureReport, ModuleSlots, Recorder
from flodl_core.errors import did_you_mean
from torch import Tensor, nn

from flodl_nn.step.companions import Companions
from flodl_nn.step.gradients import GradientSlots
from flodl_nn.step.parts import TrainedParts
from flodl_nn.step.recorders import RECORDERS
from flodl_nn.step.sparse import sparse_layers
from flodl_nn.step.update import Update
from flodl_nn.step.work import Window, Work

MODES = ("auto", "always", "never")
_SLOTS = frozenset({"carried", "kept"})
_RATES = frozenset({"params", "lr", "initial_lr"})  # in tensors, or no part of an update


@final
class Captures:
    """Runs a step's work.

    Args:
        mode: `"auto"`, `"always"` or `"never"`.
        model: Whose state the work changes.
        parts: What is trained.
        update: Whose tensors the work changes too.
        work: What is recorded.

    Raises:
        TrainingError: There is no such mode.
    """

    def __init__(self, mode: str, model: nn.Module, parts: TrainedParts, update: Update, work: Work) -> None:
        if mode not in MODES:
            raise TrainingError(
                f"capture is one of {', '.join(MODES)}, got {mode!r}", mend=did_you_mean(str(mode), MODES)
            )
        self._mode, self._model, self._parts, self._update, self._work = mode, model, parts, update, work
        self._companions = Companions(work.objective, model)
        self._told: set[str] = set()
        self._recorder: Recorder | None = None
        self._entries = 0
        self.begin()

    def follow(self) -> None:
        """Before each call: is something else trained than before, or in other memory?"""
        state = self._parts.optimizer.state
        if self._version != self._parts.version or state is not self._moments or len(state) < self._entries:
            self.begin()  # moments that were loaded or cleared by hand are other tensors
        self._entries = len(state)
        if self._steps:
            self._look()

    def _look(self) -> None:
        """At what may be otherwise while the same parts are trained."""
        moved, rebound = self._parts.watch.moved(), self._parts.watch.settings.look()
        moved |= self._companions.moved()
        rebound |= self._companions.look()
        if rebound:
            self._attributes.add(rebound)
        if moved:
            for step in self._steps.values():
                step.forget()
        for settings in (self._parts.watch.settings, *self._companions.settings):
            while settings.restless:
                name = settings.restless.pop()
                self._tell(f"{name} is set to another value before each call; a buffer that is filled can be recorded")

    def begin(self) -> None:
        """Begin anew with the parts as they are."""
        self._update.adapt()
        self._version, self._moments = self._parts.version, self._parts.optimizer.state
        self._entries = len(self._moments)
        self._options = [name for name in self._parts.optimizer.defaults if name not in _RATES]
        self._parts.watch.moved()
        self.reason = self._why_not()
        self._apart = None if self.reason else self._update.why_apart()
        self._steps: dict[str, CapturedStep] = {}
        self._attributes = AttributeSlots()
        self._update.make_room = None
        if self.reason is None:
            self._build()

    def learn(self, *batch: Any, opens: bool, closes: bool, named: dict[str, Any]) -> Any:
        """One loss, and the update if the window closes with it."""
        window = Window.CLOSES if closes else Window.STAYS_OPEN
        if self.reason is not None:
            self.require()
            work = self._work.opening if opens else self._work.adding
            return work(window, *batch, **named)
        step = self._steps["opening" if opens else "adding"]
        if self._apart is None:
            return step(window, *batch, **named)
        result = step(Window.STAYS_OPEN, *batch, **named)
        if closes:
            self._update.apply()
        return result

    def judge(self, *batch: Any, named: dict[str, Any]) -> Any:
        """The objective without learning."""
        if self.reason is not None:
            return self._work.judging(*batch, **named)
        if not self._update.accumulates:
            self._update.drop_gradients()  # the replay needs the memory that they are in
        return self._steps["judging"](*batch, **named)

    def report(self, note: str | None = None) -> CaptureReport:
        """What is captured, and what not and why."""
        apart = f"{self._apart}: its update runs after each replay" if self._apart else None
        reasons = [reason for reason in (self.reason, apart, note) if reason]
        rows = tuple(row for step in self._steps.values() for row in step.rows())
        return CaptureReport(captures=self.reason is None, reason="; ".join(reasons) or None, rows=rows)

    def _why_not(self) -> str | None:
        devices = {tensor.device for tensor in self._parts.trained or [self._parts.first]}
        if self._mode == "never":
            return 'capture="never"'
        if self._parts.needs_closure():
            return f"{type(self._parts.optimizer).__name__} evaluates the loss itself, as often as it wants"
        sparse = (path for path, layer in sparse_layers(self._model).items() if layer.weight.requires_grad)
        if path := next(sparse, None):
            return f"the gradient of {path!r} is sparse, in other memory at each step"
        if len(devices) > 1:
            return f"the parameters are on several devices: {', '.join(sorted(map(str, devices)))}"
        (device,) = devices
        if device.type not in RECORDERS:
            return "the model is on the CPU" if torch.cuda.is_available() else "no CUDA device"
        return None

    def _build(self) -> None:
        device = self._parts.first.device
        if self._recorder is None or self._recorder.device != device:  # one stream, and what libraries keep for it
            self._recorder = RECORDERS[device.type](device)
        self._update.make_room = self._recorder.tidy
        modules = [*self._model.modules(), *self._companions.modules.values()]
        gradients = GradientSlots(self._parts, persist=self._update.accumulates)
        carried, kept = ModuleSlots(modules, "carried"), ModuleSlots(modules, "kept", persist=False)
        shared: dict[str, Any] = {
            "recorder": self._recorder,
            "key": self._key,
            "modules": lambda: {**dict(self._model.named_modules()), **self._companions.modules},
            "slots": _SLOTS,
            "attributes": self._attributes,
            "tell": self._tell,
        }
        learning = {
            "state": self._state,
            "leaves": [carried, gradients, kept],
            "proved": [carried, gradients],
            **shared,
        }
        judging = {"state": self._buffers, "leaves": [kept], "proved": (), **shared}
        opening, adding, judged = map(self._observed, (self._work.opening, self._work.adding, self._work.judging))
        self._steps = {
            "opening": CapturedStep(opening, name="learn", reads=[carried], **learning),
            "adding": CapturedStep(adding, name="learn on", reads=[carried, gradients], **learning),
            "judging": CapturedStep(judged, name="evaluate", **judging),
        }

    def _key(self) -> Hashable:
        """What the work does depends on settings of modules, of groups and of torch, besides the batch."""
        groups = self._parts.optimizer.param_groups
        options = tuple([tuple([group.get(name) for name in self._options]) for group in groups])
        return (
            self._parts.watch.settings.number,
            options,
            self._companions.key(),
            _switches(self._parts.first.device.type),
        )

    def _state(self) -> dict[str, Tensor]:
        parameters = {**dict(self._model.named_parameters()), **self._parts.named}
        named = {f"parameter {name}": parameter for name, parameter in parameters.items()}
        return {**named, **self._buffers(), **self._update.tensors()}

    def _buffers(self) -> dict[str, Tensor]:
        own = {f"buffer {name}": buffer for name, buffer in self._model.named_buffers()}
        return {**own, **self._companions.tensors()}

    def _observed(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """What the work itself changes on modules is no setting."""

        def run(*batch: Any, **named: Any) -> Any:
            with self._parts.watch.settings.own_work(), self._companions.own_work():
                return work(*batch, **named)

        return run

    def require(self) -> None:
        """What cannot be captured at all may have to be.

        Raises:
            TrainingError: `capture="always"`.
        """
        if self._mode == "always":
            raise _not_captured(self.reason or "")

    def _tell(self, reason: str) -> None:
        """Once for each reason."""
        self._update.broken = False  # what a trial left half done was taken back
        if self._mode == "always":
            raise _not_captured(reason)
        if reason not in self._told:
            self._told.add(reason)
            warnings.warn(f"the training step runs eagerly: {reason}", UserWarning, stacklevel=8)


def _switches(device: str) -> Hashable:
    """Switches of torch that are thrown around a call."""
    return (
        torch.is_grad_enabled(),
        torch.is_autocast_enabled(device) and torch.get_autocast_dtype(device),
        torch.are_deterministic_algorithms_enabled(),
    )


def _not_captured(reason: str) -> TrainingError:
    return TrainingError(f"this step cannot be captured: {reason}", mend='capture="auto" runs it eagerly')
