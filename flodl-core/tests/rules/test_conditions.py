"""Conditions: written as code, asked of recorded values, combined with three answers."""

from __future__ import annotations

import math

import pytest
from flodl_core import PathError, TrainingError
from flodl_core.rules import trend, trends, when
from flodl_core.rules.condition import AbstractCondition, seen
from flodl_core.trends.ledger import Ledger

YES, NO = trend("falling").latest() < 1.0, trend("falling").latest() > 1.0
UNKNOWN = trend("falling").stalled(50)


@pytest.fixture
def ledger() -> Ledger:
    book = Ledger()
    for epoch in range(10):
        values = {"falling": 0.9**epoch, "flat": 1.0, "head_0": 0.9**epoch, "head_1": 1.0}
        book.enter(epoch, values)
    book.enter(0, {"broken": math.nan})
    return book


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (trend("falling").stalled(10), False),
        (trend("flat").stalled(10), True),
        (trend("falling").improving(10), True),
        (trend("falling", goal="max").improving(10), False),
        (trend("falling").stalled(10, tol=1.0), True),
        (trend("flat").converged(5), True),
        (trend("falling").stalled(11), None),
        (trend("broken").finite(), False),
        (trend("broken").latest() < 1.0, None),
        (trend("falling").latest() < 0.5, True),
        (trend("falling").mean(2) <= 0.41, True),
        (trend("falling").slope() >= 0.0, False),
        (trend("falling").slope(3) < 0.0, True),
        (trend("falling").max(3) > 0.99, False),
        (trend("falling").min() < 0.39, True),
        (trend("falling", goal="max").best() >= 1.0, True),
        (trend("falling").ema(3) > 0.5, False),
        (trend("falling").mean(11) > 0.0, None),
        (trends("head_*").all_stalled(10), False),
        (trends("head_*").any_improving(10), True),
        (trends("head_*").all_improving(10), False),
        (trends("head_*").any_converged(10), True),
        (trends("head_*").all_converged(10), False),
        (trends("head_*").any_stalled(10), True),
        (trends("head_*").mean_slope(10) < 0.0, True),
        (trends("head_*").mean_slope(11) < 0.0, None),
    ],
    ids=str,
)
def test_each_question_is_the_trends_own(ledger: Ledger, condition: AbstractCondition, expected: bool | None) -> None:
    """Verdicts and numbers, of one name or of several, and unknown where there are too few points."""
    assert expected is condition.answer(ledger)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (YES & YES, True),
        (YES & UNKNOWN, None),
        (NO & UNKNOWN, False),
        (YES | UNKNOWN, True),
        (NO | UNKNOWN, None),
        (NO | NO, False),
        (~YES, False),
        (~UNKNOWN, None),
        (~~YES, True),
        (YES & ~NO & (NO | YES), True),
    ],
    ids=str,
)
def test_combinations_have_three_answers(ledger: Ledger, condition: AbstractCondition, expected: bool | None) -> None:
    """What is unknown stays unknown, unless the rest decides."""
    assert expected is condition.answer(ledger)


def test_a_condition_reads_as_it_is_written() -> None:
    """Its text is Python that makes an equal one; chains are flat, a double negation is none."""
    condition = (trend("a.loss").stalled(10, tol=0.1) & (trend("acc", goal="max").best() >= 0.9)) | ~trend("b").finite()
    text = "((trend('a.loss').stalled(10, tol=0.1) & (trend('acc', goal='max').best() >= 0.9)) | ~trend('b').finite(1))"
    assert text == str(condition)
    assert condition == eval(text, {"trend": trend})
    assert YES & (NO & YES) == YES & NO & YES
    assert ~~YES is YES


def test_what_was_looked_at(ledger: Ledger) -> None:
    """The window of each name, the widest where a name is asked twice; of a glob every name."""
    condition = (trend("flat").stalled(3) & (trend("flat").latest() > 0)) | trends("head_*").any_stalled(5)
    windows = seen(condition, ledger)
    assert {"flat": 3, "head_0": 5, "head_1": 5} == {name: len(values) for name, values in windows.items()}
    assert (1.0,) * 5 == windows["head_1"]


def test_an_unrecorded_name_is_no_answer(ledger: Ledger) -> None:
    """Told with the nearest; a rule book makes it unknown."""
    with pytest.raises(PathError, match="did you mean 'falling'"):
        trend("faling").stalled(10).answer(ledger)


@pytest.mark.parametrize(
    ("write", "what"),
    [
        (lambda: trend(""), "a trend is of a recorded name, got ''"),
        (lambda: trend("loss", goal="low"), 'a goal is "min" or "max"'),
        (lambda: trend("loss").stalled(2), "nobody can tell a trend from noise by 2 points"),
        (lambda: trend("loss").latest() < math.nan, r"trend\('loss'\).latest\(\) is compared with a number, got nan"),
        (lambda: trend("loss").mean(-1) < 1.0, "a window is a whole number"),
        (lambda: trend("loss").ema(0) < 1.0, "a window is a whole number of epochs, at least 1, got 0"),
        (lambda: trend("loss").stalled(1, tol=0.1), r"stalled\(1, tol=0.1\) has no answer at any epoch"),
        (lambda: bool(YES), "neither true nor false now"),
        (lambda: YES and NO, "combine conditions by & | ~"),
        (lambda: YES & True, "& and | combine conditions, got True"),
        (lambda: when(trend("loss").latest()), r"takes a condition, got a number\n  try: compare it"),
        (lambda: when(True), r"when\(\) takes a condition, got True"),
    ],
)
def test_slips_are_told_where_they_are_written(write: object, what: str) -> None:
    """At the line of the rule, and not at an epoch's end."""
    with pytest.raises(TrainingError, match=what):
        write()  # type: ignore[operator]
