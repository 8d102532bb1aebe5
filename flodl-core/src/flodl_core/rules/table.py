"""Rules as tables of plain data, as experiment files write them, and back.

    [[rules]]
    when = { trend = "encoder.scan.loss", stalled = 10 }
    do = [{ thaw = "encoder.read" }, { scale_lr = 0.5, path = "encoder" }]
    cooldown = 10

In a table the key that is a word has its first argument as value; other arguments are keys beside it. A
comparison has its bound under `below`, `at_most`, `above` or `at_least`. `{ all = [...] }`, `{ any = [...] }`
and `{ not = {...} }` combine conditions; what takes no argument is `true`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import fields

from flodl_core.errors import TrainingError, did_you_mean
from flodl_core.rules.action import ACTIONS, AbstractAction
from flodl_core.rules.condition import (
    GROUP_VERDICTS,
    NUMBERS,
    SIGNS,
    VERDICTS,
    AbstractCondition,
    All,
    Comparison,
    Either,
    Not,
    Series,
    Verdict,
    takes_window,
)
from flodl_core.rules.rule import Rule
from flodl_core.where import Where

_QUESTIONS = {"trend": (*VERDICTS, "finite", *NUMBERS), "trends": (*GROUP_VERDICTS, "mean_slope")}
_ASKS_NUMBER = frozenset({*NUMBERS, "mean_slope"})
_KEYS = ("when", "do", "cooldown", "once")


def rule_from_table(table: Mapping[str, Any], where: Where | None = None) -> Rule:
    """The rule that a table says.

    >>> table = {"when": {"trend": "loss", "latest": True, "below": 0.1}, "do": "stop"}
    >>> print(rule_from_table(table))
    when((trend('loss').latest() < 0.1)).do(stop())

    Raises:
        TrainingError: It says none.
    """
    _known(table, _KEYS, "a rule")
    for key in ("when", "do"):
        if key not in table:
            raise TrainingError(f"a rule needs the key {key!r}", mend='when = { trend = "loss", stalled = 10 }')
    does = table["do"]
    return Rule(
        condition=condition_from_table(table["when"]),
        actions=tuple(map(action_from_table, does if isinstance(does, list | tuple) else [does])),
        cooldown=table.get("cooldown"),
        once=table.get("once", False),
        where=where,
    )


def rule_to_table(rule: Rule) -> dict[str, Any]:
    """The table that says a rule; what is as by default is left out."""
    table: dict[str, Any] = {"when": condition_to_table(rule.condition), "do": list(map(action_to_table, rule.actions))}
    if rule.cooldown is not None:
        table["cooldown"] = rule.cooldown
    return table | ({"once": True} if rule.once else {})


def condition_from_table(table: Any) -> AbstractCondition:
    """The condition that a table says.

    Raises:
        TrainingError: It says none.
    """
    if not isinstance(table, Mapping):
        raise TrainingError(f"a condition is a table, got {table!r}", mend='when = { trend = "loss", stalled = 10 }')
    for word, combine in _COMBINED.items():
        if word in table:
            _known(table, (word,), f"a condition with {word!r}")
            return combine(table[word])
    return _question(table)


def condition_to_table(condition: AbstractCondition) -> dict[str, Any]:
    """The table that says a condition."""
    if isinstance(condition, All):
        return {"all": list(map(condition_to_table, condition.parts))}
    if isinstance(condition, Either):
        return {"any": list(map(condition_to_table, condition.parts))}
    if isinstance(condition, Not):
        return {"not": condition_to_table(condition.part)}
    assert isinstance(condition, Verdict | Comparison)
    return _question_table(condition)


def action_from_table(said: Any) -> AbstractAction:
    """The action that a table, or a word that needs no arguments, says.

    Raises:
        TrainingError: It says none.
    """
    table = {said: True} if isinstance(said, str) else said
    kinds = {kind.word: kind for kind in ACTIONS}
    words = [key for key in table if key in kinds] if isinstance(table, Mapping) else []
    if len(words) != 1:
        written = str(next(iter(table), "")) if isinstance(table, Mapping) and not words else ""
        raise TrainingError(
            f"an action is a table with one of {', '.join(kinds)}, got {said!r}",
            mend=did_you_mean(written, kinds)
            or 'do = [{ thaw = "encoder.read" }, { scale_lr = 0.5, path = "encoder" }, "stop"]',
        )
    (word,) = words
    names = [attribute.name for attribute in fields(kinds[word])]
    _known(table, (word, *names[1:]), f"the action {word!r}")
    if bool(names) is (table[word] is True):
        due = f"{word} = ..., its {names[0]}" if names else f"{word} = true"
        raise TrainingError(f"the action {word!r} is not written so: {table!r}", mend=due)
    given = {names[0]: table[word], **{name: table[name] for name in names[1:] if name in table}} if names else {}
    return kinds[word](**given)


def action_to_table(action: AbstractAction) -> dict[str, Any]:
    """The table that says an action."""
    names = fields(type(action))
    if not names:
        return {action.word: True}
    beside = {a.name: getattr(action, a.name) for a in names[1:] if getattr(action, a.name) != a.default}
    return {action.word: getattr(action, names[0].name), **beside}


def _several(kind: type[All] | type[Either]) -> Callable[[Any], AbstractCondition]:
    def combine(parts: Any) -> AbstractCondition:
        if not isinstance(parts, list | tuple) or len(parts) < 2:
            raise TrainingError(f"conditions are combined from a list of two or more, got {parts!r}")
        return kind(tuple(map(condition_from_table, parts)))

    return combine


_COMBINED: Mapping[str, Callable[[Any], AbstractCondition]] = {
    "all": _several(All),
    "any": _several(Either),
    "not": lambda part: Not(condition_from_table(part)),
}


def _question(table: Mapping[str, Any]) -> AbstractCondition:
    about = next((key for key in _QUESTIONS if key in table), None)
    if about is None:
        raise TrainingError(
            f"a condition is about a trend, got {dict(table)!r}", mend='{ trend = "loss", stalled = 10 }'
        )
    words = [key for key in table if key in _QUESTIONS[about]]
    if len(words) != 1:
        unknown = [key for key in table if key not in (about, "goal", "tol", *SIGNS)]
        hint = did_you_mean(unknown[0], _QUESTIONS[about]) if unknown else None
        what = f"a condition asks one question of {', '.join(_QUESTIONS[about])}; got {', '.join(words) or 'none'}"
        raise TrainingError(what, mend=hint or f'{{ {about} = "loss", {_QUESTIONS[about][0]} = 10 }}')
    (word,) = words
    series = Series(table[about], table.get("goal", "min"), several=about == "trends")
    window = 0 if table[word] is True and word != "ema" else table[word]
    if not takes_window(word) and table[word] is not True:
        raise TrainingError(f"{word} takes no window, got {table[word]!r}", mend=f"{word} = true")
    if word not in _ASKS_NUMBER:
        _known(table, (about, "goal", word, *(() if word == "finite" else ("tol",))), f"the question {word!r}")
        return Verdict(series, word, 1 if word == "finite" and table[word] is True else window, table.get("tol"))
    _known(table, (about, "goal", word, *SIGNS), f"the question {word!r}")
    signs = [key for key in table if key in SIGNS]
    if len(signs) != 1:
        raise TrainingError(f"{word} is a number: compare it by one of {', '.join(SIGNS)}", mend="below = 0.1")
    return Comparison(series, word, window, signs[0], table[signs[0]])


def _question_table(question: Verdict | Comparison) -> dict[str, Any]:
    series = question.series
    table: dict[str, Any] = {"trends" if series.several else "trend": series.name}
    table[question.word] = question.window or (0 if question.word == "finite" else True)  # `true` is 1 there
    if series.goal != "min":
        table["goal"] = series.goal
    if isinstance(question, Comparison):
        table[question.sign] = question.bound
    elif question.tol is not None:
        table["tol"] = question.tol
    return table


def _known(table: Any, keys: tuple[str, ...], what: str) -> None:
    """A key that means nothing is an error, never ignored."""
    if not isinstance(table, Mapping):
        raise TrainingError(f"{what} is a table, got {table!r}")
    for key in table:
        if key not in keys:
            mend = did_you_mean(str(key), keys) or f"its keys: {', '.join(keys)}"
            raise TrainingError(f"{what} has no key {key!r}", mend=mend)
