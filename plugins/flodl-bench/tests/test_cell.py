"""Cells: what rounds add up to, and which entries of files are none."""

from __future__ import annotations

import math
import random
import statistics

import pytest
from flodl_bench.cell import Cell

MEASURED = {"loss": 0.5, "vram_mb": 1.0, "vram_reserved_mb": 2.0, "rss_mb": 3.0}


def test_rounds_add_up():
    """The median and the spread are of all epochs, each round's median is kept."""
    cell = Cell(name="mlp", side="eager", error="it was killed").with_round([3.0, 1.0, 2.0], MEASURED)
    cell = cell.with_round([7.0, 5.0, 6.0], MEASURED)
    assert (2, (2.0, 6.0), 4.0, None) == (cell.rounds, cell.run_medians_ms, cell.median_epoch_ms, cell.error)
    assert 1.4826 * 2 == pytest.approx(cell.spread_ms)


def test_the_spread_is_that_of_a_normal_distribution():
    """The standard deviation of times that scatter evenly; one that took four times as long changes next to nothing."""
    draw = random.Random(0)
    times = [draw.gauss(50.0, 0.5) for _ in range(4001)]
    cell = Cell(name="mlp", side="captured", epoch_times_ms=tuple(times))
    assert statistics.stdev(times) == pytest.approx(cell.spread_ms, rel=0.05)
    odd = Cell(name="mlp", side="captured", epoch_times_ms=(*times, 200.0))
    assert odd.spread_ms == pytest.approx(cell.spread_ms, rel=0.01)
    assert None is Cell(name="mlp", side="captured", epoch_times_ms=(1.0,)).spread_ms


def test_the_final_loss_is_that_of_the_first_round():
    """It must stand for the same number of steps on all sides, also when a later call adds a round."""
    cell = Cell(name="mlp", side="eager").with_round([1.0], MEASURED).with_round([1.0], {**MEASURED, "loss": 0.25})
    assert 0.5 == cell.final_loss


def test_an_entry_of_flodls_harness_is_a_cell():
    """Its own names, keys that nobody asks for, and a loss that was lost."""
    entry = {"name": "mlp", "median_epoch_ms": 69, "final_loss": "NaN", "vram_mb": 540, "runs": 4, "device": "cuda"}
    cell = Cell.read(entry)
    assert ("mlp", "", 69.0, 540.0, None) == (cell.name, cell.side, cell.median_epoch_ms, cell.vram_mb, cell.spread_ms)
    assert math.isnan(cell.final_loss)


def test_epochs_alone_have_a_median():
    """Where nobody counted it."""
    assert 2.0 == Cell.read({"name": "mlp", "epoch_times_ms": [9, 2, 1]}).median_epoch_ms


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (3, "a table of values is due, got int"),
        ({"median_epoch_ms": 3}, 'it has no "name"'),
        ({"name": "mlp"}, 'it has neither "median_epoch_ms" nor "epoch_times_ms"'),
        ({"name": "mlp", "median_epoch_ms": "fast"}, '"median_epoch_ms" is a number'),
        ({"name": "mlp", "median_epoch_ms": True}, '"median_epoch_ms" is a number'),
        ({"name": "mlp", "median_epoch_ms": float("inf")}, '"median_epoch_ms" is a number'),
        ({"name": "mlp", "median_epoch_ms": -1}, '"median_epoch_ms" is a number'),
        ({"name": "mlp", "epoch_times_ms": [1, "2"]}, '"epoch_times_ms" is a list of numbers'),
        ({"name": "mlp", "epoch_times_ms": 1}, '"epoch_times_ms" is a list of numbers'),
        ({"name": "mlp", "side": 3, "median_epoch_ms": 1}, '"side" is a text'),
        ({"name": "mlp", "final_loss": [], "median_epoch_ms": 1}, '"final_loss" is a number'),
    ],
)
def test_what_is_no_result_is_named(entry, reason):
    """In a few words, whatever it is."""
    with pytest.raises(ValueError, match=f"^{reason}$"):
        Cell.read(entry)
