"""Rules as plain data and back: the same rule, by either way."""

from __future__ import annotations

from typing import Any

import pytest
from flodl_core import TrainingError
from flodl_core.rules import Rule, freeze, save, scale_lr, stop, thaw, trend, trends, when
from flodl_core.rules.condition import GROUP_VERDICTS, NUMBERS, VERDICTS, AbstractCondition
from flodl_core.rules.table import condition_from_table, condition_to_table, rule_from_table, rule_to_table
from flodl_core.trends import Trend, TrendGroup
from hypothesis import given
from hypothesis import strategies as st

RULES: list[tuple[Rule, dict[str, Any]]] = [
    (
        when(trend("encoder.scan.loss").stalled(10)).do(thaw("encoder.read"), scale_lr(0.5, "encoder"), cooldown=10),
        {
            "when": {"trend": "encoder.scan.loss", "stalled": 10},
            "do": [{"thaw": "encoder.read"}, {"scale_lr": 0.5, "path": "encoder"}],
            "cooldown": 10,
        },
    ),
    (
        when((trend("acc", goal="max").best() > 0.9) & ~trend("loss").finite()).do(save(), stop(), once=True),
        {
            "when": {
                "all": [
                    {"trend": "acc", "best": True, "goal": "max", "above": 0.9},
                    {"not": {"trend": "loss", "finite": 1}},
                ]
            },
            "do": [{"save": True}, {"stop": True}],
            "once": True,
        },
    ),
    (
        when(trends("head").all_stalled(5, tol=0.1) | (trend("loss").latest() <= 2)).do(
            freeze("head", stats="track"), thaw("body", moments="reset"), cooldown=0
        ),
        {
            "when": {
                "any": [
                    {"trends": "head", "all_stalled": 5, "tol": 0.1},
                    {"trend": "loss", "latest": True, "at_most": 2},
                ]
            },
            "do": [{"freeze": "head", "stats": "track"}, {"thaw": "body", "moments": "reset"}],
            "cooldown": 0,
        },
    ),
    (
        when(~trend("loss").finite(0)).do(stop()),
        {"when": {"not": {"trend": "loss", "finite": 0}}, "do": [{"stop": True}]},
    ),
]


@pytest.mark.parametrize(("rule", "table"), RULES, ids=lambda value: str(value)[:40])
def test_round_trip(rule: Rule, table: dict[str, Any]) -> None:
    """`when().do()` and its table are the same data, both ways."""
    assert table == rule_to_table(rule)
    assert rule == rule_from_table(table)
    assert hash(rule) == hash(rule_from_table(table))


def asked() -> st.SearchStrategy[AbstractCondition]:
    """Any question, with any window and tolerance that it takes."""
    window, bound = st.integers(3, 40), st.floats(-1e6, 1e6)
    name, goal = st.sampled_from(["loss", "encoder.scan.loss", "recall@0.5"]), st.sampled_from(["min", "max"])
    tol = st.none() | st.floats(1e-9, 10.0)

    def verdict(word: str) -> st.SearchStrategy[AbstractCondition]:
        word_of = trends if word in GROUP_VERDICTS else trend
        return st.builds(lambda n, g, w, t: getattr(word_of(n, goal=g), word)(w, t), name, goal, window, tol)

    def number(word: str) -> st.SearchStrategy[AbstractCondition]:
        arguments = st.just(()) if word == "latest" else st.tuples(window)
        signs = st.sampled_from(["__lt__", "__le__", "__gt__", "__ge__"])
        return st.builds(
            lambda n, g, a, s, b: getattr(getattr(trend(n, goal=g), word)(*a), s)(b),
            name,
            goal,
            arguments,
            signs,
            bound,
        )

    return st.one_of(*map(verdict, (*VERDICTS, *GROUP_VERDICTS)), *map(number, NUMBERS))


@given(
    st.recursive(
        asked(),
        lambda inner: st.one_of(
            st.builds(lambda a, b: a & b, inner, inner),
            st.builds(lambda a, b: a | b, inner, inner),
            st.builds(lambda a: ~a, inner),
        ),
        max_leaves=8,
    )
)
def test_any_condition_goes_through_its_table(condition: AbstractCondition) -> None:
    """However deep."""
    assert condition == condition_from_table(condition_to_table(condition))


def test_every_word_is_a_method_of_a_trend() -> None:
    """What a condition can ask, a trend can answer."""
    assert all(callable(getattr(Trend, word)) for word in (*VERDICTS, *NUMBERS, "finite"))
    assert all(callable(getattr(TrendGroup, word)) for word in (*GROUP_VERDICTS, "mean_slope"))


@pytest.mark.parametrize(
    ("table", "what", "mend"),
    [
        ({"do": "stop"}, "a rule needs the key 'when'", "stalled"),
        ({"when": {"trend": "l", "stalled": 5}, "do": "stop", "onse": True}, "a rule has no key 'onse'", "'once'"),
        ({"when": "soon", "do": "stop"}, "a condition is a table, got 'soon'", "trend"),
        ({"when": {}, "do": "stop"}, "a condition is about a trend", "trend"),
        ({"when": {"trend": "l"}, "do": "stop"}, "asks one question of .*; got none", "stalled = 10"),
        ({"when": {"trend": "l", "stalled": 5, "mean": 3}, "do": "stop"}, "got stalled, mean", "stalled"),
        ({"when": {"trend": "l", "stalled": 5, "above": 3}, "do": "stop"}, "has no key 'above'", "keys: trend"),
        ({"when": {"trend": "l", "mean": 3}, "do": "stop"}, "mean is a number: compare it", "below"),
        ({"when": {"trend": "l", "latest": 3, "below": 1}, "do": "stop"}, "latest takes no window", "latest = true"),
        ({"when": {"all": [{"trend": "l", "stalled": 5}]}, "do": "stop"}, "from a list of two or more", ""),
        ({"when": {"trend": "l", "stalled": 5}, "do": []}, "does one thing or several, got nothing", "stop"),
        ({"when": {"trend": "l", "stalled": 5}, "do": "halt"}, "an action is a table with one of", "do = "),
        ({"when": {"trend": "l", "stalled": 5}, "do": {"thaw": "a", "stop": True}}, "an action is a table", "do = "),
        ({"when": {"trend": "l", "stalled": 5}, "do": [3]}, "an action is a table with one of .*, got 3", "do = "),
        ({"when": {"trend": "l", "stalled": 5}, "do": {"thwa": "a"}}, "an action is a table", "'thaw'"),
        ({"when": {"trend": "l", "stalled": 5}, "do": {"stop": 3}}, "'stop' is not written so", "stop = true"),
        ({"when": {"trend": "l", "stalled": 5}, "do": "thaw"}, "'thaw' is not written so", "thaw = ..., its path"),
        ({"when": {"trend": "l", "stalled": 5}, "do": {"thaw": "a", "at": 3}}, "'thaw' has no key 'at'", "keys"),
        ({"when": {"trend": "l", "stalled": 5}, "do": {"scale_lr": 0}}, "scaled by a number above 0", "0.5"),
        ({"when": {"trend": "l", "stalled": 5}, "do": "stop", "cooldown": -1}, "a cooldown is a whole number", ""),
        ({"when": {"trend": "l", "stalled": "5"}, "do": "stop"}, "a window is a whole number", ""),
        ({"when": {"trend": 3, "stalled": 5}, "do": "stop"}, "a trend is of a recorded name, got 3", "trend"),
    ],
)
def test_what_a_table_cannot_say(table: dict[str, Any], what: str, mend: str) -> None:
    """An error with the nearest that it can."""
    with pytest.raises(TrainingError, match=what) as caught:
        rule_from_table(table)
    assert mend in (caught.value.mend or "")
