"""What a schedule is: a frozen, pure function of the optimizer step to a factor on each group's own rate."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, final

from attrs import asdict, fields, frozen
from flodl_core import Reference, TrainingError, components

from flodl_nn.schedules.checks import at_least_one, finite

if TYPE_CHECKING:
    from attrs import AttrsInstance

    from flodl_nn.schedules.plateau import Plateau


@frozen(repr=False)
class AbstractSchedule(ABC):
    """A factor on the learning rate, by optimizer step; step 0 is the first update.

    Pure: the same step always has the same factor, so a resumed run needs only its step count.
    Each parameter group keeps its own base rate, so ratios between groups stay.
    """

    @abstractmethod
    def factor(self, step: int) -> float:
        """What each group's base rate is multiplied by for the update number `step`, counted from 0."""

    @property
    def length(self) -> int | None:
        """Steps until the factor stays as it is; None: it never does."""
        return None

    def plateau_at(self, step: int) -> Plateau | None:
        """The rule that reads a metric at the end of an epoch, if one is in force at this step."""
        return None

    @property
    def reads(self) -> frozenset[str]:
        """The metrics that such rules read, at whatever step."""
        return frozenset()

    @final
    def lr(self, step: int, base: float) -> float:
        """The rate at `step` of a group whose own rate is `base`.

        >>> from flodl_nn.schedules import step_decay
        >>> step_decay(7, 0.5).lr(7, base=0.1)
        0.05
        """
        return base * self.factor(step)

    @final
    def then(self, other: Reference, *, after: int | None = None) -> AbstractSchedule:
        """First this schedule, then `other`, whose own clock starts at 0.

        Args:
            other: What follows, or a reference to it.
            after: Steps of this one; needed where it has no length of its own.

        Raises:
            TrainingError: It never ends, and `after` is not given; or what follows is no schedule.

        >>> from flodl_nn.schedules import cosine, warmup
        >>> both = warmup(4).then(cosine(10))
        >>> [round(both.factor(step), 3) for step in (0, 3, 4, 9, 14)]
        [0.25, 1.0, 1.0, 0.5, 0.0]
        """
        steps = self.length if after is None else after
        if steps is None:
            raise TrainingError(f"{self!r} never ends, so nothing can follow it", mend=".then(other, after=1000)")
        made = components.create("scheduler", other)
        if not isinstance(made, AbstractSchedule):
            raise TrainingError(f"after {self!r} comes a schedule, got {made!r}", mend=".then(cosine(9_500))")
        return Then(self, made, steps)

    @final
    def every(self, steps: int) -> AbstractSchedule:
        """The same schedule on a slower clock: one tick every so many steps, for schedules in epochs.

        >>> from flodl_nn.schedules import exponential
        >>> per_epoch = exponential(0.5).every(100)  # of 100 batches each
        >>> per_epoch.factor(99), per_epoch.factor(100)
        (1.0, 0.5)
        """
        return Every(self, steps)

    @final
    def times(self, scale: float) -> AbstractSchedule:
        """The same curve, all of it multiplied by a number.

        >>> from flodl_nn.schedules import constant, warmup
        >>> warmup(2).then(constant().times(0.5)).factor(2)
        0.5
        """
        return Times(self, scale)

    def __repr__(self) -> str:
        name = type(self).__name__
        word = "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
        return f"{word}({', '.join(f'{key}={value!r}' for key, value in _own_fields(self).items())})"


@final
@frozen(repr=False)
class Then(AbstractSchedule):
    """One schedule after another: what `then` makes."""

    first: AbstractSchedule
    second: AbstractSchedule
    steps: int = at_least_one()

    def factor(self, step: int) -> float:
        """The first's, then the second's from its own step 0."""
        return self.first.factor(step) if step < self.steps else self.second.factor(step - self.steps)

    @property
    def length(self) -> int | None:
        """Both lengths, or None when the second has none."""
        return None if self.second.length is None else self.steps + self.second.length

    def plateau_at(self, step: int) -> Plateau | None:
        """The one of the schedule in force."""
        return self.first.plateau_at(step) if step < self.steps else self.second.plateau_at(step - self.steps)

    @property
    def reads(self) -> frozenset[str]:
        """Those of both."""
        return self.first.reads | self.second.reads

    def __repr__(self) -> str:
        after = "" if self.first.length == self.steps else f", after={self.steps}"
        return f"{self.first!r}.then({self.second!r}{after})"


@final
@frozen(repr=False)
class Every(AbstractSchedule):
    """A schedule on a slower clock: what `every` makes."""

    inner: AbstractSchedule
    steps: int = at_least_one()

    def factor(self, step: int) -> float:
        """The inner factor at `step // steps`."""
        return self.inner.factor(step // self.steps)

    @property
    def length(self) -> int | None:
        """The inner length in steps of the outer clock."""
        return None if self.inner.length is None else self.inner.length * self.steps

    def plateau_at(self, step: int) -> Plateau | None:
        """The inner one."""
        return self.inner.plateau_at(step // self.steps)

    @property
    def reads(self) -> frozenset[str]:
        """The inner ones."""
        return self.inner.reads

    def __repr__(self) -> str:
        return f"{self.inner!r}.every({self.steps})"


@final
@frozen(repr=False)
class Times(AbstractSchedule):
    """A schedule scaled: what `times` makes."""

    inner: AbstractSchedule
    scale: float = finite()

    def factor(self, step: int) -> float:
        """The inner factor times the scale."""
        return self.inner.factor(step) * self.scale

    @property
    def length(self) -> int | None:
        """The inner length."""
        return self.inner.length

    def plateau_at(self, step: int) -> Plateau | None:
        """The inner one."""
        return self.inner.plateau_at(step)

    @property
    def reads(self) -> frozenset[str]:
        """The inner ones."""
        return self.inner.reads

    def __repr__(self) -> str:
        return f"{self.inner!r}.times({self.scale!r})"


def _own_fields(schedule: AttrsInstance) -> dict[str, object]:
    """What was said, leaving out what is as by default."""
    values = asdict(schedule, recurse=False)
    return {a.name: values[a.name] for a in fields(type(schedule)) if values[a.name] != a.default}
