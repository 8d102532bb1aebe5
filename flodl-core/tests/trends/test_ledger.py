"""A ledger keeps a point per name and epoch, and says what it does not know."""

from __future__ import annotations

import json

import pytest
from flodl_core import CheckpointError, PathError
from flodl_core.trends.ledger import Ledger


def test_an_epoch_has_one_point() -> None:
    """Entered again, it is replaced; epochs may be left out."""
    ledger = Ledger()
    for epoch, value in ((0, 3.0), (0, 2.0), (5, 1.0)):
        ledger.enter(epoch, {"loss": value})
    trend = ledger.trend("loss", goal="max")
    assert ((2.0, 1.0), (0, 5), "max", "loss") == (trend.values, trend.epochs, trend.goal, trend.name)


def test_several_by_glob() -> None:
    """In the order in which the names came, each once."""
    ledger = Ledger()
    ledger.enter(0, {"b.loss": 1.0, "acc": 0.5, "a.loss": 2.0})
    assert ["b.loss", "a.loss", "acc"] == [trend.name for trend in ledger.trends("*.loss", "b.loss", "acc")]


@pytest.mark.parametrize("name", ["lsos", "x*"])
def test_an_unknown_name_is_told(name: str) -> None:
    """With the nearest, or with all that there are."""
    ledger = Ledger()
    ledger.enter(0, {"loss": 1.0})
    with pytest.raises(PathError, match=r"nothing is recorded as .*\n  try: (did you mean 'loss'|recorded: 'loss')"):
        ledger.trends(name)


def test_state_goes_through_json() -> None:
    """What is saved as plain data comes back equal; what is no such state changes nothing."""
    ledger, other = Ledger(), Ledger()
    ledger.enter(3, {"loss": 0.1})
    other.load_state_dict(json.loads(json.dumps(ledger.state_dict())))
    assert ledger.state_dict() == other.state_dict()
    for broken in ([1], {"loss": [[0, "high"]]}, {"loss": [[1, 0.0], [1, 0.0]]}):
        with pytest.raises(CheckpointError):
            other.load_state_dict(broken)  # type: ignore[arg-type]
    assert ledger.state_dict() == other.state_dict()


def test_an_earlier_epoch_begins_the_curve_anew() -> None:
    """Points of that epoch and later ones are of another count; what is written down can be saved and loaded."""
    ledger = Ledger()
    for epoch in (0, 1, 2, 1):
        ledger.enter(epoch, {"loss": float(epoch)})
    assert (0, 1) == ledger.trend("loss").epochs
    Ledger().load_state_dict(ledger.state_dict())
