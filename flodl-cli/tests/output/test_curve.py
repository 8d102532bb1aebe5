"""Curves in a terminal."""

from __future__ import annotations

import math

from flodl_cli.output.curve import draw_curve


def test_the_top_is_the_largest_value_and_the_bottom_is_0():
    """Labels say both, and the last step."""
    lines = draw_curve([0.0, 0.5], width=10, height=3, plain=True)
    assert ["0.5", "|", "0"] == [line.split()[0] for line in lines[:3]]
    assert lines[-1].split() == ["0", "1"]
    assert 5 == len(lines)


def test_a_jump_is_a_line():
    """Not a gap."""
    lines = draw_curve([1.0] * 10 + [0.0] * 10, width=10, height=4, plain=True)
    assert all("#" in line for line in lines[:4])


def test_values_that_are_no_numbers_are_left_out():
    """And nothing fails, not even when there is no other."""
    assert "#" in "".join(draw_curve([math.nan, 1.0, math.inf, 1.0], plain=True))
    assert "#" not in "".join(draw_curve([math.nan, math.inf], plain=True))
    assert "0" == draw_curve([0.0, 0.0], plain=True)[-3].split()[0]


def test_the_scale_follows_the_values():
    """Ten times the values are the same picture, but for the label."""
    values = [0.0, 0.1, 0.3, 0.2, 0.25]
    small, large = draw_curve(values, plain=True), draw_curve([10 * value for value in values], plain=True)
    assert small[1:] == large[1:]
    assert ("0.3", "3") == (small[0].split()[0], large[0].split()[0])
