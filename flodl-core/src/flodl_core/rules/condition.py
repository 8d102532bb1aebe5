"""Conditions: questions to trends, and what `&`, `|` and `~` make of them. Frozen data, with three answers."""

from __future__ import annotations

import abc
import math
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NoReturn, Protocol, TypeAlias, final

from attrs import frozen

from flodl_core.errors import PathError, TrainingError, join_errors
from flodl_core.rules.checks import is_number, is_text
from flodl_core.trends.group import TrendGroup, both, either
from flodl_core.trends.trend import LEAST_WITH_TOL, Goal, Trend, check_verdict, checked_goal, checked_window

Window: TypeAlias = "tuple[float, ...]"

SIGNS: Mapping[str, str] = {"below": "<", "at_most": "<=", "above": ">", "at_least": ">="}
"""The word of a comparison, and how Python writes it."""

_HOLDS: Mapping[str, Callable[[float, float], bool]] = {
    "below": operator.lt,
    "at_most": operator.le,
    "above": operator.gt,
    "at_least": operator.ge,
}

VERDICTS = ("stalled", "improving", "converged")
"""What a trend is asked that has an answer of its own, with a window and a tolerance."""

GROUP_VERDICTS = tuple(f"{quantor}_{word}" for quantor in ("all", "any") for word in VERDICTS)
"""The same of several trends at once."""

NUMBERS = ("latest", "mean", "min", "max", "best", "ema", "slope")
"""What is a number, and becomes a condition when it is compared with another."""


class Source(Protocol):
    """Where trends come from: a graph, or a ledger."""

    def trend(self, path: str, *, goal: Goal = "min") -> Trend:
        """The trend of one recorded name. Raises PathError where nothing is recorded."""

    def trends(self, *paths: str, goal: Goal = "min") -> TrendGroup:
        """The trends of a tag group or a glob. Raises PathError where nothing is recorded."""


@final
@frozen
class Series:
    """What is asked about: one recorded name, or all names of a tag group or a glob."""

    name: str
    goal: Goal = "min"
    several: bool = False

    def __attrs_post_init__(self) -> None:
        if not is_text(self.name):
            raise TrainingError(f"a trend is of a recorded name, got {self.name!r}", mend='trend("encoder.loss")')
        checked_goal(self.goal)

    def __str__(self) -> str:
        goal = "" if self.goal == "min" else f", goal={self.goal!r}"
        return f"{'trends' if self.several else 'trend'}({self.name!r}{goal})"

    def found(self, source: Source) -> Trend | TrendGroup:
        """Its trend, or trends. Raises PathError where nothing is recorded."""
        ask = source.trends if self.several else source.trend
        return ask(self.name, goal=self.goal)


class AbstractCondition(abc.ABC):
    """Something that is asked at the end of each epoch: yes, no, or nobody can tell."""

    @abc.abstractmethod
    def answer(self, source: Source) -> bool | None:
        """The answer now. Raises PathError where a name is not recorded."""

    @abc.abstractmethod
    def questions(self) -> Iterator[Verdict | Comparison]:
        """The questions it consists of."""

    @final
    def __and__(self, other: AbstractCondition) -> AbstractCondition:
        return All((*_parts(self, All), *_parts(_checked(other), All)))

    @final
    def __or__(self, other: AbstractCondition) -> AbstractCondition:
        return Either((*_parts(self, Either), *_parts(_checked(other), Either)))

    @final
    def __invert__(self) -> AbstractCondition:
        return self.part if isinstance(self, Not) else Not(self)

    @final
    def __bool__(self) -> NoReturn:
        raise TrainingError(
            f"{self} is a condition, which is asked at the end of each epoch: it is neither true nor false now",
            mend="combine conditions by & | ~, with brackets around comparisons; graph.trend(...) answers at once",
        )


@final
@frozen
class Verdict(AbstractCondition):
    """A question with an answer of its own: `trend("loss").stalled(10)`."""

    series: Series
    word: str
    window: int = 0
    tol: float | None = None

    def __attrs_post_init__(self) -> None:
        if self.word == "finite":
            checked_window(self.window)
        else:
            check_verdict(self.window, self.tol)
            if 0 < self.window < LEAST_WITH_TOL:
                raise TrainingError(
                    f"{self} has no answer at any epoch: one point has neither slope nor scatter",
                    mend=f"a window of {LEAST_WITH_TOL} or more",
                )

    def answer(self, source: Source) -> bool | None:
        """What the trend says."""
        arguments = [self.window] if self.tol is None else [self.window, self.tol]
        given: bool | None = getattr(self.series.found(source), self.word)(*arguments)
        return given

    def questions(self) -> Iterator[Verdict]:
        """Itself."""
        yield self

    def __str__(self) -> str:
        tol = "" if self.tol is None else f", tol={self.tol!r}"
        return f"{self.series}.{self.word}({self.window}{tol})"


@final
@frozen
class Comparison(AbstractCondition):
    """A number of a trend held against another: `trend("loss").latest() < 0.1`."""

    series: Series
    word: str
    window: int
    sign: str
    bound: float

    def __attrs_post_init__(self) -> None:
        checked_window(self.window, least=1 if self.word == "ema" else 0)
        if not is_number(self.bound):
            raise TrainingError(f"{self._number} is compared with a number, got {self.bound!r}")

    def answer(self, source: Source) -> bool | None:
        """Whether it holds; None while there are fewer points than it asks for, or where it is NaN."""
        trend = self.series.found(source)
        lengths = [len(trend)] if isinstance(trend, Trend) else [len(each) for each in trend]
        least = 2 if "slope" in self.word else 1
        value: float = getattr(trend, self.word)(*([self.window] if takes_window(self.word) else []))
        if not lengths or min(lengths) < max(self.window, least) or math.isnan(value):
            return None
        return _HOLDS[self.sign](value, self.bound)

    def questions(self) -> Iterator[Comparison]:
        """Itself."""
        yield self

    @property
    def _number(self) -> str:
        return f"{self.series}.{self.word}({self.window or ''})"

    def __str__(self) -> str:
        return f"({self._number} {SIGNS[self.sign]} {self.bound!r})"


@final
@frozen
class All(AbstractCondition):
    """Several that must all hold: `a & b`."""

    parts: tuple[AbstractCondition, ...]

    def answer(self, source: Source) -> bool | None:
        """No once one says no; unknown while one is."""
        return _combined(both, self.parts, source)

    def questions(self) -> Iterator[Verdict | Comparison]:
        """Those of its parts."""
        return (question for part in self.parts for question in part.questions())

    def __str__(self) -> str:
        return f"({' & '.join(map(str, self.parts))})"


@final
@frozen
class Either(AbstractCondition):
    """Several of which one must hold: `a | b`."""

    parts: tuple[AbstractCondition, ...]

    def answer(self, source: Source) -> bool | None:
        """Yes once one says yes; unknown while one is."""
        return _combined(either, self.parts, source)

    def questions(self) -> Iterator[Verdict | Comparison]:
        """Those of its parts."""
        return (question for part in self.parts for question in part.questions())

    def __str__(self) -> str:
        return f"({' | '.join(map(str, self.parts))})"


@final
@frozen
class Not(AbstractCondition):
    """The opposite: `~a`. Of what nobody can tell, nobody can tell the opposite."""

    part: AbstractCondition

    def answer(self, source: Source) -> bool | None:
        """The opposite answer."""
        given = self.part.answer(source)
        return None if given is None else not given

    def questions(self) -> Iterator[Verdict | Comparison]:
        """Those of its part."""
        return self.part.questions()

    def __str__(self) -> str:
        return f"~{self.part}"


def takes_window(word: str) -> bool:
    """Whether a question is about a window."""
    return word != "latest"


def seen(condition: AbstractCondition, source: Source) -> dict[str, Window]:
    """Name to the values that a condition looked at."""
    windows: dict[str, Window] = {}
    for question in condition.questions():
        try:
            found = question.series.found(source)
        except PathError:  # the others have decided
            continue
        width = question.window if takes_window(question.word) else 1
        for trend in [found] if isinstance(found, Trend) else found:
            values = trend.last(width) if width else trend.values
            if len(values) > len(windows.get(trend.name, ())):
                windows[trend.name] = values
    return windows


def _parts(condition: AbstractCondition, kind: type[All] | type[Either]) -> tuple[AbstractCondition, ...]:
    """`a & b & c` is one of three, not one of two of which one is of two."""
    return condition.parts if isinstance(condition, kind) else (condition,)


def _combined(
    combine: Callable[[Iterable[bool | None]], bool | None], parts: Iterable[AbstractCondition], source: Source
) -> bool | None:
    """The answer of several; where one asks about what is not recorded, the others may decide it.

    Raises:
        PathError: They do not; of all that is not recorded.
    """
    answers, missing = [], []
    for part in parts:
        try:
            answers.append(part.answer(source))
        except PathError as error:
            answers.append(None)
            missing.append(error)
    answer = combine(answers)
    if answer is None and missing:
        raise join_errors(missing)
    return answer


def _checked(other: Any) -> AbstractCondition:
    if not isinstance(other, AbstractCondition):
        raise TrainingError(
            f"& and | combine conditions, got {other!r}", mend='brackets around comparisons: (trend("loss") < 0.1)'
        )
    return other
