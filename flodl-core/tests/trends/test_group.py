"""Several trends asked at once."""

from __future__ import annotations

from flodl_core.trends import Trend, TrendGroup
from flodl_core.trends.group import both, either

FALLING, FLAT, SHORT = Trend([5.0, 4.0, 3.0]), Trend([1.0, 1.0, 1.0]), Trend([1.0])


def test_one_answer_from_several() -> None:
    """All, and any, of each verdict."""
    group = TrendGroup([FALLING, FLAT])
    assert (False, True) == (group.all_improving(3), group.any_improving(3))
    assert (False, True) == (group.all_stalled(3), group.any_stalled(3))
    assert (False, True) == (group.all_converged(3), group.any_converged(3))
    assert [FALLING, FLAT] == list(group)


def test_unknown_where_one_cannot_tell() -> None:
    """Unless the others decide the answer."""
    assert TrendGroup([FALLING, SHORT]).all_improving(3) is None
    assert TrendGroup([FLAT, SHORT]).all_improving(3) is False
    assert TrendGroup([FALLING, SHORT]).any_improving(3) is True
    assert TrendGroup([FLAT, SHORT]).any_improving(3) is None


def test_three_valued_logic() -> None:
    """Kleene's tables; of nothing, all hold and none does."""
    values = (True, None, False)
    assert [True, None, False, None, None, False, False, False, False] == [both((a, b)) for a in values for b in values]
    assert [True, True, True, True, None, None, True, None, False] == [either((a, b)) for a in values for b in values]
    assert (True, False) == (both(()), either(()))
