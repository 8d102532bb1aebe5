"""`TrainStep`: zero_grad, forward, loss, backward, clip, step, schedule, scaler - once, and right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, cast, final, overload

import attrs
from flodl_core import CheckpointError, Reference, TrainingError
from flodl_core.autograd import evaluating
from flodl_core.capture import CaptureReport
from flodl_core.groups import GroupRules, Groups
from flodl_core.rules import Firing, Rule
from torch import Tensor, nn
from torch.optim import Optimizer

from flodl_nn.schedules.plateau import PlateauState
from flodl_nn.step.acts import Acts
from flodl_nn.step.captures import Captures, Work
from flodl_nn.step.carried import CarriedState
from flodl_nn.step.compiled import CompiledObjective
from flodl_nn.step.objective import LossObjective, check_loss, detached
from flodl_nn.step.parts import TrainedParts
from flodl_nn.step.passes import gathered, mean_of_pass, ungathered
from flodl_nn.step.precision import Precision
from flodl_nn.step.rates import Rates
from flodl_nn.step.rules import StepRules
from flodl_nn.step.state import (
    FORMAT,
    check_gradients,
    check_parts,
    check_run,
    load_gradients,
    load_parts,
    load_run,
    load_scaler,
    save_parts,
    save_run,
)
from flodl_nn.step.update import Update

P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M", bound=nn.Module)
Listener = Callable[[str, Mapping[str, float]], None]


@final
class TrainStep(Generic[P, R]):
    """One call, one batch learned: `loss = step(x, y)`.

    The loss comes back as a 0-d tensor of its own on the device, and nothing waits for the device.
    Gradients go to the step's own parameters alone. Frozen parameters do not move; what is frozen
    or thawed between two steps leaves or joins the optimizer, with its state, at the next one.

    Args:
        model: Any module.
        loss: A reference to a loss, called with the model's outputs and the batch's targets.
        objective: Instead of `loss`: `fn(model, *batch)` gives the loss, or `(loss, {"acc": tensor})`.
        optimizer: A name, `ref("adam", lr=1e-3)`, or a built torch optimizer.
        groups: Path, parameter name or glob to a rate or a table of options; later ones win. Kept as
            rules: parameters that appear later fall under them too.
        schedule: A factor on every group's own rate, by optimizer step: `warmup(500).then(cosine(9_500))`.
        clip_norm: Bound on the joint norm of all gradients.
        precision: `"fp32"`, `"tf32"`, `"bf16"` or `"fp16"` (the latter with a loss scale).
        accumulate: Batches per update; the update follows the mean of their losses.
        rules: `when(trend("loss").stalled(10)).do(thaw("encoder"))`, asked at the end of each epoch.
        capture: On a GPU, `"auto"` records the whole step as a CUDA graph and replays it, and runs eagerly
            what cannot be recorded: `report()` says what and why. `"always"` raises instead; `"never"`
            records nothing, and does the same arithmetic.
        compile: Put the objective through torch.compile, under the capture.

    Raises:
        TrainingError: Both or neither of `loss` and `objective`; nothing to train; a value out of range.
        PathError: A rule of `groups`, or an action of `rules`, names nothing.

    >>> import torch
    >>> step = TrainStep(nn.Linear(2, 1), loss="mse", optimizer="sgd")
    >>> step(torch.ones(4, 2), torch.zeros(4, 1)).shape, step.steps
    (torch.Size([]), 1)
    """

    @overload
    def __init__(
        self: TrainStep[..., Tensor],
        model: nn.Module,
        *,
        loss: Reference,
        objective: None = None,
        optimizer: Reference,
        groups: Groups | None = None,
        schedule: Reference | None = None,
        clip_norm: float | None = None,
        precision: str = "fp32",
        accumulate: int = 1,
        rules: Iterable[Rule | Mapping[str, Any]] = (),
        capture: str = "auto",
        compile: bool = False,
    ) -> None: ...

    @overload
    def __init__(
        self,
        model: M,
        *,
        loss: None = None,
        objective: Callable[Concatenate[M, P], R],
        optimizer: Reference,
        groups: Groups | None = None,
        schedule: Reference | None = None,
        clip_norm: float | None = None,
        precision: str = "fp32",
        accumulate: int = 1,
        rules: Iterable[Rule | Mapping[str, Any]] = (),
        capture: str = "auto",
        compile: bool = False,
    ) -> None: ...

    def __init__(
        self,
        model: nn.Module,
        *,
        loss: Reference | None = None,
        objective: Callable[..., Any] | None = None,
        optimizer: Reference,
        groups: Groups | None = None,
        schedule: Reference | None = None,
        clip_norm: float | None = None,
        precision: str = "fp32",
        accumulate: int = 1,
        rules: Iterable[Rule | Mapping[str, Any]] = (),
        capture: str = "auto",
        compile: bool = False,
    ) -> None:
        _check_arguments(model, clip_norm, accumulate)
        self.model = model
        self._objective = _one_objective(model, loss, objective)
        if compile:
            self._objective = CompiledObjective(self._objective)
        self._precision = Precision.parse(precision)
        self._rates = Rates(schedule)
        self._rules = StepRules(rules, model)
        self._parts = TrainedParts(model, optimizer, GroupRules.parse(groups, self._rules.apart))
        self._rules.check_groups(self._parts)
        self._searches = self._parts.needs_closure()
        if self._searches and (accumulate > 1 or self._precision.scales_loss):
            raise TrainingError(
                f"{type(self.optimizer).__name__} evaluates the loss itself: no accumulation, no loss scale",
                mend='accumulate=1 and precision="fp32", "tf32" or "bf16"',
            )
        self._update = Update(
            self._parts,
            self._rates,
            clip_norm=clip_norm,
            accumulate=accumulate,
            scales_loss=self._precision.scales_loss,
        )
        work = Work(self._opening, self._adding, self._judging)
        self._captures = Captures(capture, model, self._parts, self._update, work)
        self._epoch, self._stopped = 0, False
        self.listeners: list[Listener] = []
        """Told `"train"` and `"evaluate"` before each call: how a training state knows where a run stands."""

    def __call__(self, *batch: P.args, **named: P.kwargs) -> R:
        """Learn from one batch.

        Returns:
            What the objective gave, detached: the loss, or the tuple.
        """
        for listener in self.listeners:
            listener("train", {})
        self._follow()
        given = ungathered(batch)
        with self._precision.around_step():
            result = self._search(*given, **named) if self._searches else self._learn(*given, **named)
        if self._rules.hears:
            self._rules.hear(result)
        return cast(R, result)

    def evaluate(self, *batch: P.args, **named: P.kwargs) -> R:
        """The objective of one batch without learning: evaluation mode, no gradients, same precision.

        Afterwards each module has its own mode back, and carried state is as it was.
        """
        for listener in self.listeners:
            listener("evaluate", {})
        self._follow()
        with self._precision.around_step():
            return cast(R, self._captures.judge(*ungathered(batch), named=named))

    def run(self, loader: Iterable[Any], *, learn: bool = True) -> R:
        """One pass over a loader's batches: `loss = step.run(loader)`.

        Batches of a `DeviceLoader` whose data is resident are gathered inside the recorded step, so that
        an epoch is replays alone. Nothing waits for the device.

        Args:
            loader: Any that gives batches: tuples and lists are the step's arguments, anything else is the one.
            learn: False: `evaluate` each batch.

        Returns:
            What the objective gave, each value the mean over the pass, batches weighed by their rows. After
            a resumed sampler that is the rest of the pass.

        Raises:
            TrainingError: There is no batch, or a value that has no mean.
        """
        one = cast("Callable[..., R]", self if learn else self.evaluate)
        return cast(R, mean_of_pass(one, loader))

    def report(self) -> CaptureReport:
        """Which signatures are captured, how often each was replayed, and what runs eagerly and why."""
        return self._captures.report(getattr(self._objective, "reason", None))

    def end_epoch(self, metrics: Mapping[str, float] | None = None) -> dict[str, float]:
        """Close an open window, the model's epoch and the step's own; let a plateau and the rules decide.

        Args:
            metrics: Values besides those that the model recorded.

        Returns:
            All metrics of the epoch, by dotted name.
        """
        self._follow()
        self._update.close()
        recorded = self._offered("end_epoch")
        values = {**(recorded or {}), **(metrics or {})}
        self._rates.end_epoch(values, self.steps)
        self._epoch += 1
        self._rules.end_epoch(values, metrics or {}, self._epoch, Acts(self.model, self._parts, self.stop))
        return values

    def stop(self) -> None:
        """Say that training is to end with this epoch: loops over `monitor.epochs(step)` do."""
        self._stopped = True

    def on_save(self, saver: Callable[[], object]) -> None:
        """Let `save()` in a rule call this, when the epoch is closed: `step.on_save(state.save)`."""
        self._rules.on_save(saver)

    @property
    def fired(self) -> tuple[Firing, ...]:
        """What the rules did at the end of the last epoch, for whoever wants to know."""
        return self._rules.fired

    @property
    def optimizer(self) -> Optimizer:
        """The torch optimizer. Its groups hold what is trained now; frozen parts are kept aside."""
        return self._parts.optimizer

    @property
    def epoch(self) -> int:
        """Epochs finished."""
        return self._epoch

    @property
    def steps(self) -> int:
        """Optimizer steps done; with `fp16` those skipped for an overflow count too."""
        return self._update.steps

    @property
    def stopped(self) -> bool:
        """Has someone asked to stop?"""
        return self._stopped

    @property
    def lr(self) -> float:
        """The first group's rate at the next update."""
        return self._rates.rate(self.optimizer.param_groups[0], self.steps)

    def state_dict(self) -> dict[str, Any]:
        """All that a resumed run needs beside the model: plain data and tensors, by parameter name.

        Tensors are the live ones, as in PyTorch: copy what must outlast the next step.
        """
        scaler = self._update.scaler
        return {
            "format": FORMAT,
            "steps": self.steps,
            "epoch": self._epoch,
            "stopped": self._stopped,
            "pending": self._update.pending,
            "window": self._update.window(),
            "optimizer": save_parts(self._parts),
            "scaler": None if scaler is None else scaler.state_dict(),
            "plateau": attrs.asdict(self._rates.plateau),
            "rules": self._rules.state_dict(),
            "run": save_run(self.model),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved state. Nothing changes unless all of it fits.

        Raises:
            CheckpointError: It is of another format, model, optimizer or grouping.
        """
        _check_format(state)
        self._parts.refresh()
        check_parts(self._parts, state["optimizer"])
        check_gradients(self._parts, state["window"])
        self._rules.check(state["rules"])
        plateau = PlateauState(**state["plateau"])
        run = state.get("run")
        if run is not None:
            check_run(self.model, run)
            load_run(self.model, run)
        load_parts(self._parts, state["optimizer"])
        load_gradients(self._parts, state["window"])
        self._update.steps, self._update.pending = state["steps"], state["pending"]
        self._epoch, self._stopped = state["epoch"], state["stopped"]
        self._rates.plateau = plateau
        self._rules.load_state_dict(state["rules"])
        if self._update.scaler is not None and state["scaler"]:
            load_scaler(self._update.scaler, state["scaler"], self._parts.trained[0].device)
        self._captures.begin()

    def __repr__(self) -> str:
        kind, optimizer = type(self.model).__name__, type(self.optimizer).__name__
        return f"TrainStep({kind}, {optimizer}, steps={self.steps}, epoch={self._epoch})"

    def _forward(self, *batch: Any, **named: Any) -> Any:
        batch = gathered(batch)
        with self._precision.around_forward(self._parts.trained[0]):
            return self._objective(self.model, *batch, **named)

    def _follow(self) -> None:
        """Parts that changed, or that are in other memory, make recordings worthless."""
        self._parts.refresh()
        self._captures.follow()

    def _learn(self, *batch: Any, **named: Any) -> Any:
        update = self._update
        opens, closes = update.opens, update.closes
        if closes:
            update.prepare()
        try:
            result = self._captures.learn(*batch, opens=opens, closes=closes, named=named)
        except BaseException:
            update.abandon()
            raise
        update.count(closed=closes)
        return result

    def _opening(self, closes: bool, *batch: Any, **named: Any) -> Any:
        """The first loss of a window."""
        self._update.drop_gradients()
        return self._adding(closes, *batch, **named)

    def _adding(self, closes: bool, *batch: Any, **named: Any) -> Any:
        """A loss, its gradients, and the update if the window closes."""
        try:
            kept = self._differentiated(*batch, **named)
        except Exception as error:
            if not isinstance(self._objective, CompiledObjective):
                raise
            self._objective.take_back(error)
            kept = self._differentiated(*batch, **named)
        if closes:
            self._update.apply()
        self._offered("detach_state")
        return kept

    def _differentiated(self, *batch: Any, **named: Any) -> Any:
        result = self._forward(*batch, **named)
        loss = check_loss(result)
        kept = detached(result)  # before the update: a part of it may be a weight
        self._update.gradients(loss)
        return kept

    def _judging(self, *batch: Any, **named: Any) -> Any:
        with self._evaluation():
            return detached(self._forward(*batch, **named))

    def _search(self, *batch: Any, **named: Any) -> Any:
        self._captures.require()
        first: list[Any] = []
        carried = CarriedState(self.model)

        def evaluate() -> Tensor:
            if first:  # from where the step began: what the last evaluation carried on has gradients, and is used up
                self._offered("detach_state")
                carried.restore()
            result = self._forward(*batch, **named)
            if not first:
                first.append(detached(result))
            return check_loss(result)

        self._update.search(evaluate)
        self._offered("detach_state")
        return first[0]

    def _evaluation(self) -> AbstractContextManager[Any]:
        own = getattr(self.model, "evaluating", None)
        return own() if callable(own) else evaluating(self.model)

    def _offered(self, method: str) -> Any:
        """Call what a model may offer (a Graph does); None from one that does not."""
        own = getattr(self.model, method, None)
        return own() if callable(own) else None


def _one_objective(
    model: nn.Module, loss: Reference | None, objective: Callable[..., Any] | None
) -> Callable[..., Any]:
    if (loss is None) == (objective is None):
        given = "neither" if loss is None else "both"
        raise TrainingError(
            f"a step takes a loss or an objective, got {given}",
            mend='loss="mse", or objective=fn with fn(model, *batch) -> loss',
        )
    if objective is None:
        return LossObjective(model, loss)
    if not callable(objective):
        raise TrainingError(
            f"an objective is called as fn(model, *batch), got {objective!r}", mend=f"loss={objective!r}?"
        )
    return objective


def _check_arguments(model: Any, clip_norm: float | None, accumulate: Any) -> None:
    if not isinstance(model, nn.Module):
        mend = f"call it: {model.__name__}(...)" if isinstance(model, type) else "build() makes a module of words"
        raise TrainingError(f"a step trains a torch.nn.Module, got {model!r}", mend=mend)
    if not isinstance(accumulate, int) or isinstance(accumulate, bool) or accumulate < 1:
        raise TrainingError(f"accumulate is a whole number of batches, at least 1, got {accumulate!r}")
    if clip_norm is not None and not clip_norm > 0:
        raise TrainingError(f"clip_norm is a number > 0, got {clip_norm!r}", mend="None for no clipping")


def _check_format(state: Any) -> None:
    found = state.get("format") if isinstance(state, Mapping) else None
    if found != FORMAT:
        raise CheckpointError(f"this is no state of a training step, or of another version: format {found!r}")
    due = {"steps", "epoch", "stopped", "pending", "window", "optimizer", "scaler", "plateau", "rules"}
    if missing := sorted(due - state.keys()):
        raise CheckpointError(f"the state lacks {', '.join(missing)}")
