"""`RuleBook`: the rules of a run, asked at the end of each epoch, and what they remember."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, final

from attrs import define

from flodl_core.errors import CheckpointError, PathError, TrainingError
from flodl_core.rules.action import Controls
from flodl_core.rules.condition import Source, seen
from flodl_core.rules.firing import Firing
from flodl_core.rules.rule import Rule
from flodl_core.rules.table import rule_from_table


@final
@define
class _Memory:
    """What one rule remembers: plain data, saved with the run."""

    fired: int = 0
    last: int | None = None
    held: bool = False

    def allows(self, rule: Rule, epoch: int) -> bool:
        """Whether a condition that holds makes the rule fire."""
        if rule.once and self.fired:
            return False
        if rule.cooldown is None:
            return not self.held
        return self.last is None or epoch - self.last > rule.cooldown


@final
class RuleBook:
    """Rules in order.

    Args:
        rules: `when(...).do(...)`, or the tables of an experiment file.

    Raises:
        TrainingError: Something that is no rule.
    """

    def __init__(self, rules: Iterable[Rule | Mapping[str, Any]] = ()) -> None:
        self.rules: tuple[Rule, ...] = tuple(_as_rule(rule) for rule in _several(rules))
        self._memories = [_Memory() for _ in self.rules]
        self._told: set[str] = set()

    def ask(self, source: Source, controls: Controls, epoch: int) -> tuple[Firing, ...]:
        """Ask every rule, and let those whose condition holds act.

        A name that nobody has recorded makes its condition unknown, and is said once.

        Args:
            source: Where trends come from.
            controls: What is acted upon.
            epoch: Epochs finished, this one included.

        Raises:
            PathError: A rule that is to fire names a part that is no more; it has done nothing.
        """
        return tuple(self._asked(source, controls, epoch))

    def state_dict(self) -> list[dict[str, Any]]:
        """What each rule remembers, beside its text: plain data."""
        return [
            {"rule": str(rule), "fired": memory.fired, "last": memory.last, "held": memory.held}
            for rule, memory in zip(self.rules, self._memories, strict=True)
        ]

    def load_state_dict(self, state: Any) -> None:
        """Go on from saved memories. A rule that was changed since begins anew; one that is gone is said.

        Raises:
            CheckpointError: It is no such state; nothing has changed then.
        """
        saved = saved_memories(state)
        self._memories = [_taken(saved, str(rule)) for rule in self.rules]
        for text, memory in saved:
            if memory.fired:
                warnings.warn(f"the saved run had a rule that this one has not: {text}", UserWarning, stacklevel=4)

    def _asked(self, source: Source, controls: Controls, epoch: int) -> Iterator[Firing]:
        for rule, memory in zip(self.rules, self._memories, strict=True):
            holds = self._answer(rule, source) is True
            if holds and memory.allows(rule, epoch):
                _check_parts(rule, controls)
                memory.fired, memory.last = memory.fired + 1, epoch
                yield self._fire(rule, source, controls, epoch)
            memory.held = holds

    def _answer(self, rule: Rule, source: Source) -> bool | None:
        try:
            return rule.condition.answer(source)
        except PathError as error:
            for each in error.parts:
                if each.what not in self._told:
                    self._told.add(each.what)
                    text = f"a rule waits for what nobody has recorded so far: {each.what}; {each.mend}"
                    warnings.warn(text, UserWarning, stacklevel=6)
            return None

    def _fire(self, rule: Rule, source: Source, controls: Controls, epoch: int) -> Firing:
        windows = seen(rule.condition, source)
        for action in rule.actions:
            action.act(controls)
        actions = tuple(map(str, rule.actions))
        return Firing(epoch=epoch, condition=str(rule.condition), actions=actions, windows=windows)


def _check_parts(rule: Rule, controls: Controls) -> None:
    """A part may have been taken out of the model since the run began: then nothing of the rule is done.

    Raises:
        PathError: An action names one.
    """
    for action in rule.actions:
        try:
            controls.check(getattr(action, "path", ""))
        except PathError as error:
            raise PathError(f"{action}: {error.what}", where=rule.where, mend=error.mend) from None


def _several(rules: Any) -> Iterable[Any]:
    if isinstance(rules, Rule | Mapping | str) or not isinstance(rules, Iterable):
        raise TrainingError(f"rules= takes several rules, got {_shown(rules)}", mend="rules=[when(...).do(...)]")
    return rules


def _as_rule(rule: Any) -> Rule:
    if isinstance(rule, Mapping):
        return rule_from_table(rule)
    if not isinstance(rule, Rule):
        raise TrainingError(f"a rule is when(...).do(...), got {_shown(rule)}", mend="when(condition).do(stop())")
    return rule


def _shown(value: Any) -> str:
    return "a single one" if isinstance(value, Rule) else f"a {type(value).__name__}"


def saved_memories(state: Any) -> list[tuple[str, _Memory]]:
    """The texts and memories in a state.

    Raises:
        CheckpointError: It is no state of rules.
    """
    try:
        return [(str(entry["rule"]), _memory(entry)) for entry in state]
    except (LookupError, TypeError, ValueError) as error:
        raise CheckpointError(f"this is no state of rules: {error!r}") from None


def _memory(entry: Mapping[str, Any]) -> _Memory:
    last = entry["last"]
    return _Memory(int(entry["fired"]), None if last is None else int(last), bool(entry["held"]))


def _taken(saved: list[tuple[str, _Memory]], text: str) -> _Memory:
    """The first memory of a text, taken out; a fresh one where there is none."""
    place = next((index for index, (other, _) in enumerate(saved) if other == text), None)
    return _Memory() if place is None else saved.pop(place)[1]
