"""The parts of the layout, each by itself."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from flodl_graph.render.lanes import SPACING, lanes
from flodl_graph.render.layers import Arrow, Rows, layered
from flodl_graph.render.letters import text_width
from flodl_graph.render.settle import settle
from hypothesis import given, settings
from hypothesis import strategies as st

places = st.lists(st.tuples(st.floats(-50, 50), st.floats(0.1, 10), st.floats(0, 20)), min_size=1, max_size=6)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(places, st.integers(0, 5), st.floats(-3, 3))
def test_settling_is_the_least_that_must_move(row: list[tuple[float, float, float]], moved: int, by: float) -> None:
    """Nothing is closer than asked, and no other arrangement comes nearer to the wishes."""
    wishes, weights, apart = (list(column) for column in zip(*row, strict=True))
    found = settle(wishes, weights, apart[1:])
    assert all(b - a >= gap - 1e-6 for (a, b), gap in zip(pairwise(found), apart[1:], strict=True))
    other = [x + by * (place >= moved) for place, x in enumerate(found)]
    if all(b - a >= gap for (a, b), gap in zip(pairwise(other), apart[1:], strict=True)):
        assert cost(found, wishes, weights) <= cost(other, wishes, weights) + 1e-6


def cost(row: list[float], wishes: list[float], weights: list[float]) -> float:
    return sum(weight * (x - wish) ** 2 for x, wish, weight in zip(row, wishes, weights, strict=True))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=8))
def test_lanes_keep_apart(ends: list[tuple[int, int]]) -> None:
    """Lanes stand clear of all boxes in their rows, and of each other where they share a row."""
    reach = [float(10 * (row % 3)) for row in range(10)]
    spans = [(min(pair), max(pair)) for pair in ends]
    found = lanes(spans, reach)
    for (first, last), x in zip(spans, found, strict=True):
        assert x >= max(reach[first : last + 1]) + SPACING
    for (one, x), (other, y) in combinations(zip(spans, found, strict=True), 2):
        apart = one[1] < other[0] or other[1] < one[0]
        assert apart or abs(x - y) >= SPACING


def test_rows() -> None:
    """A box stands below all it reads, outputs last, a further input just above its reader."""
    arrows = [Arrow(0, 2), Arrow(2, 3), Arrow(1, 3, stream=False), Arrow(2, 4), Arrow(3, 4), Arrow(4, 5)]
    layers = layered(6, arrows, Rows(late=frozenset({1}), last=frozenset({5})))
    assert [0, 1, 1, 2, 3, 4] == layers.rank[:6]
    assert [[], [], [], [6], [], []] == layers.passing


def test_edges_that_run_beside_everything() -> None:
    """Those that lead back up, and those that span more rows than is worth a place in each."""
    chain = [Arrow(place, place + 1) for place in range(30)]
    layers = layered(31, [*chain, Arrow(5, 3), Arrow(0, 29), Arrow(0, 20)], Rows(last=frozenset({30})))
    back, long, short = layers.passing[-3:]
    assert back is None
    assert long is None
    assert 19 == len(short or ())


@pytest.mark.parametrize(("text", "least"), [("", 0.0), ("iii", 8.0), ("WWW", 29.0), ("名前", 20.0), ("e\u0301", 6.0)])
def test_widths_are_no_less_than_the_letters(text: str, least: float) -> None:
    """Narrow, wide, East Asian and combining letters, at 10 pixels."""
    assert text_width(text, 10.0) >= least
