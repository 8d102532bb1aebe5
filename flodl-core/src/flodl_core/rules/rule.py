"""`Rule`: when a condition holds, do some things. Written `when(...).do(...)`."""

from __future__ import annotations

from typing import Any, final

from attrs import field, frozen

from flodl_core.errors import TrainingError
from flodl_core.rules.action import AbstractAction
from flodl_core.rules.checks import is_count
from flodl_core.rules.condition import AbstractCondition
from flodl_core.where import Where, caller


@final
@frozen(kw_only=True)
class Rule:
    """A rule as data.

    Without a cooldown it fires when its condition turns to yes, and again when it has not been yes in between.

    Args:
        condition: Asked at the end of each epoch.
        actions: Done in order when it fires.
        cooldown: Fire at every yes, but then rest for so many epochs; 0: at every yes.
        once: Fire one time and never again.
        where: The user's line.
    """

    condition: AbstractCondition
    actions: tuple[AbstractAction, ...]
    cooldown: int | None = None
    once: bool = False
    where: Where | None = field(default=None, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        condition: object = self.condition
        if not isinstance(condition, AbstractCondition):
            raise TrainingError(
                f"a rule asks a condition, got {condition!r}", mend='when(trend("loss").stalled(10)).do(stop())'
            )
        actions: tuple[object, ...] = self.actions
        wrong = [action for action in actions if not isinstance(action, AbstractAction)]
        if wrong or not actions:
            given = repr(wrong[0]) if wrong else "nothing"
            raise TrainingError(
                f"a rule does one thing or several, got {given}", mend="freeze thaw scale_lr save stop: do(stop())"
            )
        if self.cooldown is not None and not is_count(self.cooldown):
            raise TrainingError(f"a cooldown is a whole number of epochs, got {self.cooldown!r}")
        if self.once not in (True, False):
            raise TrainingError(f"once is True or False, got {self.once!r}")

    def __str__(self) -> str:
        cooldown = [] if self.cooldown is None else [f"cooldown={self.cooldown}"]
        words = [*map(str, self.actions), *cooldown, *(["once=True"] if self.once else [])]
        return f"when({self.condition}).do({', '.join(words)})"


@final
@frozen
class When:
    """A condition, before it is said what to do."""

    condition: AbstractCondition
    where: Where

    def do(self, *actions: AbstractAction, cooldown: int | None = None, once: bool = False) -> Rule:
        """The rule.

        Args:
            cooldown: Fire at every yes, but then rest for so many epochs. Left out: fire when the condition
                turns to yes, and not again while it stays so.
            once: Fire one time and never again.

        Raises:
            TrainingError: Nothing to do, or something that is no action.
        """
        return Rule(condition=self.condition, actions=actions, cooldown=cooldown, once=once, where=self.where)


def when(condition: AbstractCondition) -> When:
    """Begin a rule.

    Raises:
        TrainingError: It is no condition.

    >>> from flodl_core.rules import scale_lr, trend
    >>> print(when(trend("loss").stalled(10)).do(scale_lr(0.5), cooldown=10))
    when(trend('loss').stalled(10)).do(scale_lr(0.5), cooldown=10)
    """
    checked: Any = condition
    if not isinstance(checked, AbstractCondition):
        number = type(checked).__name__ == "Number"
        raise TrainingError(
            f"when() takes a condition, got {'a number' if number else repr(checked)}",
            mend='compare it: trend("loss").latest() < 0.1' if number else 'when(trend("loss").stalled(10))',
        )
    return When(condition, caller())
