"""`TrainStep`: zero_grad, forward, loss, backward, clip, step, schedule, scaler - once, and right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Concatenate, Generic, NoReturn, ParamSpec, SupportsIndex, TypeVar, cast, final, overload

from flodl_core import Reference, TrainingError
from flodl_core.capture import CaptureReport
from flodl_core.groups import GroupRules, Groups
from flodl_core.rules import Firing, Rule
from torch import Tensor, nn
from torch.optim import Optimizer

from flodl_nn.step.captures import Captures
from flodl_nn.step.compiled import CompiledObjective
from flodl_nn.step.epochs import Epochs, numbers
from flodl_nn.step.objective import one_objective
from flodl_nn.step.parts import TrainedParts
from flodl_nn.step.passes import mean_of_pass, ungathered
from flodl_nn.step.precision import Precision
from flodl_nn.step.rates import Rates
from flodl_nn.step.rules import StepRules
from flodl_nn.step.state import StepState
from flodl_nn.step.update import Update
from flodl_nn.step.work import Work

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
        _check_arguments(model, clip_norm, accumulate, compile)
        self.model = model
        given = one_objective(model, loss, objective)
        self._precision = Precision.parse(precision)
        self._rates = Rates(schedule)
        self._rules = StepRules(rules, model, self._rates.reads)
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
        made = CompiledObjective(given) if compile else given
        self._work = Work(model, made, self._precision, self._parts, self._update)
        self._captures = Captures(capture, model, self._parts, self._update, self._work)
        self._epochs = Epochs(model, self._parts, self._update, self._rates, self._rules)
        self._state = StepState(model, self._parts, self._update, self._rates, self._rules, self._epochs)
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
        self._parts.require()
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
            TrainingError: It is no loader, there is no batch, or a value that has no mean.
        """
        one = cast("Callable[..., R]", self if learn else self.evaluate)
        return cast(R, mean_of_pass(one, loader))

    def report(self) -> CaptureReport:
        """Which signatures are captured, how often each was replayed, and what runs eagerly and why."""
        return self._captures.report(self._work.why_uncompiled())

    def end_epoch(self, metrics: Mapping[str, float] | None = None) -> dict[str, float]:
        """Close an open window, the model's epoch and the step's own; let a plateau and the rules decide.

        Args:
            metrics: Values besides those that the model recorded.

        Returns:
            All metrics of the epoch, by dotted name.

        Raises:
            TrainingError: Metrics without names, or one that is no number.
        """
        given = numbers(metrics or {})
        self._follow()
        return self._epochs.end(given)

    def stop(self) -> None:
        """Say that training is to end with this epoch: loops over `monitor.epochs(step)` do."""
        self._epochs.stop()

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
        return self._epochs.finished

    @property
    def steps(self) -> int:
        """Optimizer steps done; with `fp16` those skipped for an overflow count too."""
        return self._update.steps

    @property
    def stopped(self) -> bool:
        """Has someone asked to stop?"""
        return self._epochs.stopped

    @property
    def lr(self) -> float:
        """The first group's rate at the next update."""
        return self._rates.rate(self.optimizer.param_groups[0], self.steps)

    def state_dict(self) -> dict[str, Any]:
        """All that a resumed run needs beside the model: plain data and tensors, by parameter name.

        Tensors are the live ones, as in PyTorch: copy what must outlast the next step.
        """
        return self._state.save()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved state. Nothing changes unless all of it fits.

        Raises:
            CheckpointError: It is of another format, model, optimizer or grouping.
        """
        self._state.load(state)
        self._captures.begin()

    def __reduce_ex__(self, protocol: SupportsIndex, /) -> NoReturn:
        raise TrainingError(
            "a step is neither copied nor pickled: its model, its optimizer and its recordings belong together",
            mend="a step of its own over copy.deepcopy(step.model), and load_state_dict(step.state_dict())",
        )

    def __repr__(self) -> str:
        kind, optimizer = type(self.model).__name__, type(self.optimizer).__name__
        return f"TrainStep({kind}, {optimizer}, steps={self.steps}, epoch={self.epoch})"

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

    def _search(self, *batch: Any, **named: Any) -> Any:
        self._captures.require()
        return self._work.searching(*batch, **named)


def _check_arguments(model: Any, clip_norm: Any, accumulate: Any, compiles: Any) -> None:
    if not isinstance(model, nn.Module):
        mend = f"call it: {model.__name__}(...)" if isinstance(model, type) else "build() makes a module of words"
        raise TrainingError(f"a step trains a torch.nn.Module, got {model!r}", mend=mend)
    if not isinstance(accumulate, int) or isinstance(accumulate, bool) or accumulate < 1:
        raise TrainingError(f"accumulate is a whole number of batches, at least 1, got {accumulate!r}")
    bounds = clip_norm is None or (isinstance(clip_norm, int | float) and not isinstance(clip_norm, bool))
    if not bounds or (clip_norm is not None and not clip_norm > 0):
        raise TrainingError(f"clip_norm is a number > 0, got {clip_norm!r}", mend="None for no clipping")
    if not isinstance(compiles, bool):
        raise TrainingError(
            f"compile is True or False, got {compiles!r}",
            mend="compile=True; CUDA graphs are what capture= is for, and other options go to torch.compile(model)",
        )
