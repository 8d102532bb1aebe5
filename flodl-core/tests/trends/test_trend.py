"""What a trend says of series whose course is known."""

from __future__ import annotations

import math
import random
from statistics import fmean

import numpy as np
import pytest
from flodl_core import TrainingError
from flodl_core.trends import Trend
from flodl_core.trends.line import fit
from hypothesis import given
from hypothesis import strategies as st

FALLING = [1.0, 0.8, 0.65, 0.5, 0.42, 0.33, 0.27, 0.2, 0.17, 0.13]
SERIES = 10_000


def random_series(rng: random.Random) -> list[float]:
    """Noise of three kinds around a level, a line or a decay."""
    points, level, noise = rng.randint(3, 60), 10 ** rng.uniform(-3, 3), 10 ** rng.uniform(-5, 0)
    kind, drift = rng.choice([rng.gauss, rng.uniform, rng.expovariate]), rng.choice([0.0, rng.uniform(-0.05, 0.05)])
    scatter = [kind(1.0) if kind == rng.expovariate else kind(-1.0, 1.0) for _ in range(points)]
    return [level * (1.0 + drift * x + noise * miss) for x, miss in enumerate(scatter)]


def test_verdicts_do_not_depend_on_the_unit() -> None:
    """10,000 random series: the same three verdicts after multiplication by 1e-12 to 1e12."""
    rng = random.Random(0)
    for _ in range(SERIES):
        values, scale = random_series(rng), 10 ** rng.uniform(-12, 12)
        goal, window = rng.choice(["min", "max"]), rng.choice([0, 3, 5, 10, 20])
        plain, scaled = Trend(values, goal=goal), Trend([value * scale for value in values], goal=goal)
        for verdict in ("stalled", "improving", "converged"):
            assert getattr(plain, verdict)(window) == getattr(scaled, verdict)(window), (verdict, window, values)


@pytest.mark.parametrize("window", [3, 5, 10, 20, 50])
@pytest.mark.parametrize("kind", ["normal", "even", "heavy tails", "two values"])
def test_noise_is_not_called_improvement(window: int, kind: str) -> None:
    """Of 2,000 series that only scatter, at most 5 in 100."""
    rng = random.Random(window)
    draw = {
        "normal": lambda: rng.gauss(0.0, 1.0),
        "even": lambda: rng.uniform(-1.0, 1.0),
        "heavy tails": lambda: rng.choice([-1.0, 1.0]) * rng.expovariate(1.0) ** 2,
        "two values": lambda: rng.choice([-1.0, 1.0]),
    }[kind]
    series = [[1.0 + 0.05 * draw() for _ in range(window)] for _ in range(2_000)]
    assert fmean(Trend(values).improving(window) is True for values in series) <= 0.05
    assert fmean(Trend(values).stalled(window) is True for values in series) >= 0.9


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=40).filter(lambda values: max(values) - min(values) > 1e-3),
)
def test_the_line_is_least_squares(values: list[float]) -> None:
    """Slope and its standard error against numpy, in double precision."""
    x = np.arange(len(values)) - (len(values) - 1) / 2
    y = np.array(values)
    slope = float(x @ y / (x @ x))
    misses = y - y.mean() - slope * x
    error = math.sqrt(float(misses @ misses) / (len(values) - 2) / float(x @ x))
    line, size = fit(values), max(map(abs, values))
    assert line.slope == pytest.approx(slope, rel=1e-9, abs=1e-9 * size)
    assert line.error == pytest.approx(error, rel=1e-6, abs=1e-9 * size)


def test_a_falling_loss_improves_and_a_rising_one_does_not() -> None:
    """By the goal: what falls is better for a loss, worse for an accuracy; neither is stalled."""
    assert (True, False) == (Trend(FALLING).improving(10), Trend(FALLING).stalled(10))
    assert (False, False) == (Trend(FALLING[::-1]).improving(10), Trend(FALLING[::-1]).stalled(10))
    assert (False, True) == (
        Trend(FALLING, goal="max").improving(10),
        Trend(FALLING[::-1], goal="max").improving(10),
    )


def test_progress_too_small_to_matter_is_stalled() -> None:
    """A perfectly straight fall by a millionth per epoch goes nowhere."""
    crawling = Trend([1.0 - 1e-6 * x for x in range(20)])
    assert (True, False, True) == (crawling.stalled(10), crawling.improving(10), crawling.converged(10))


def test_converged_is_about_scatter() -> None:
    """Within 1 % of the size it is; at 5 % it is not, however flat, nor while it clearly moves; a constant is."""
    rng = random.Random(0)
    assert Trend([2.0 + 0.002 * rng.gauss(0, 1) for _ in range(20)]).converged(20) is True
    assert Trend([2.0 + 0.1 * rng.gauss(0, 1) for _ in range(20)]).converged(20) is False
    assert Trend([2.0 - 0.001 * x for x in range(20)]).converged(20) is False
    assert Trend([0.0] * 5).converged(5) is True
    assert Trend([7.0] * 5).stalled(5) is True


@pytest.mark.parametrize("verdict", ["stalled", "improving", "converged"])
def test_nobody_can_tell(verdict: str) -> None:
    """Fewer points than the window, fewer than three at all, or one that is no finite number."""
    ask = lambda values, *arguments: getattr(Trend(values), verdict)(*arguments)  # noqa: E731
    assert ask(FALLING, 11) is None
    assert ask(FALLING[:2], 0) is None
    assert ask([], 0, 0.1) is None
    assert ask([1.0], 0, 0.1) is None
    for broken in (math.nan, math.inf, -math.inf):
        assert ask([*FALLING, broken], 10) is None
        assert ask([*FALLING, broken], 10, 0.1) is None
        assert ask([broken, *FALLING], 10) is not None


def test_a_run_that_has_died_is_seen() -> None:
    """`finite` is the one verdict that NaN does not silence."""
    assert Trend([1.0, math.nan]).finite() is False
    assert Trend([math.nan, 1.0]).finite() is True
    assert Trend([math.nan, 1.0]).finite(2) is False
    assert Trend([]).finite() is None


def test_best_and_its_epoch() -> None:
    """By the goal; NaN is never best, the first of equals counts."""
    values, epochs = [3.0, math.nan, 1.0, 1.0, 2.0], [0, 2, 4, 6, 8]
    assert (1.0, 4) == (Trend(values, epochs).best(), Trend(values, epochs).best_epoch())
    assert (3.0, 0) == (Trend(values, epochs, goal="max").best(), Trend(values, epochs, goal="max").best_epoch())
    assert 2.0 == Trend(values, epochs).best(1)
    assert Trend([]).best_epoch() is None


def test_extremes_leave_nan_aside() -> None:
    """Wherever it stands, as in floDl; of NaN alone there is none."""
    for values in ([math.nan, 1.0, 2.0], [1.0, math.nan, 2.0], [2.0, 1.0, math.nan]):
        assert (1.0, 2.0) == (Trend(values).min(), Trend(values).max())
    assert (math.inf, -math.inf) == (Trend([math.nan]).min(), Trend([math.nan]).max())


@pytest.mark.parametrize("unit", [1e-320, 1e-300, 1e307])
def test_verdicts_at_the_ends_of_what_floats_can_say(unit: float) -> None:
    """Sums of such values are beyond floats, or nothing; the verdict is that of any other unit."""
    flat = [unit * value for value in (9.0, 11.0, 10.0, 10.0, 9.0, 11.0)]
    falling = [unit * value for value in (15.0, 14.0, 13.0, 12.0, 11.0, 10.0)]
    assert (True, False, False) == (Trend(flat).stalled(6), Trend(flat).improving(6), Trend(flat).converged(6))
    assert (False, True) == (Trend(falling).stalled(6), Trend(falling).improving(6))


def test_ema_follows_its_recurrence() -> None:
    """Weight 2 / (window + 1) on each new value, from the first."""
    assert 2.0 + 0.5 * (4.0 - 2.0) == Trend([2.0, 4.0]).ema(3)
    assert 4.0 == Trend([2.0, 4.0]).ema(1)


@pytest.mark.parametrize(
    ("ask", "what"),
    [
        (lambda: Trend([], goal="low"), 'a goal is "min" or "max", got \'low\''),
        (lambda: Trend([1.0], [0, 1]), "an epoch per value, got 2 for 1"),
        (lambda: Trend(FALLING).stalled(2), "nobody can tell a trend from noise by 2 points"),
        (lambda: Trend(FALLING).stalled(-1), "a window is a whole number of epochs, at least 0, got -1"),
        (lambda: Trend(FALLING).slope(2.5), "a window is a whole number of epochs, at least 0, got 2.5"),  # type: ignore[arg-type]
        (lambda: Trend(FALLING).ema(0), "at least 1, got 0"),
        (lambda: Trend(FALLING).stalled(5, math.nan), "a tolerance is a number of at least 0, got nan"),
        (lambda: Trend(FALLING).converged(5, -1e-3), "a tolerance is a number of at least 0, got -0.001"),
    ],
)
def test_wrong_questions_are_told(ask: object, what: str) -> None:
    """What cannot be asked is an error, and never an answer."""
    with pytest.raises(TrainingError, match=what):
        ask()  # type: ignore[operator]
