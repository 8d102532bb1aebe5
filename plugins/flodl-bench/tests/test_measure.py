"""What is still to be measured."""

from __future__ import annotations

import json

from attrs import evolve
from flodl_bench.cell import Cell
from flodl_bench.measure import Plan, measure
from flodl_bench.process import Deadline
from flodl_bench.results import Results
from flodl_bench.sides import SIDES

TIMED = Cell(name="mlp", side="eager", epoch_times_ms=(1.0,) * 4, run_medians_ms=(1.0,) * 2, median_epoch_ms=1.0)


def plan(setting, **changes):
    sides = [SIDES["eager"], SIDES["captured"]]
    ordinary = {"models": ["mlp"], "sides": sides, "device": "cuda", "rounds": 2, "kernels": True, "together": None}
    return Plan(**{**ordinary, "setting": setting, "deadline": Deadline(), **changes})


def test_what_has_its_rounds_is_left_alone(setting):
    """More rounds, or what failed, are measured."""
    results = Results(None, setting)
    results.put(TIMED)
    results.put(Cell(name="mlp", side="captured", error="it was killed (SIGKILL)"))
    assert ["captured"] == [cell.side for cell in plan(setting).untimed("mlp", results)]
    assert ["eager", "captured"] == [cell.side for cell in plan(setting, rounds=3).untimed("mlp", results)]


def test_kernels_of_captured_sides_are_counted_once(setting):
    """If they are wanted at all."""
    results = Results(None, setting)
    results.put(TIMED)
    results.put(evolve(TIMED, side="captured"))
    assert ["captured"] == [cell.side for cell in plan(setting).uncounted("mlp", results)]
    assert (1, 0) == (plan(setting).missing(results), plan(setting, kernels=False).missing(results))
    results.put(evolve(TIMED, side="captured", kernels=100.0, kernel_us=1000.0))
    assert 0 == plan(setting).missing(results)


def test_a_process_is_told_the_setting(setting):
    """All of it that concerns one cell."""
    order = json.loads(plan(setting).order("mlp", "captured"))
    assert {
        "model": "mlp",
        "side": "captured",
        "device": "cuda",
        "shrink": 16,
        "batches": 50,
        "epochs": 2,
        "read_loss": "epoch",
        "inference": False,
    } == order


def test_cells_come_in_the_order_of_the_table(setting):
    """Whatever was measured first."""
    results = Results(None, setting)
    results.put(evolve(TIMED, side="captured"))
    results.put(TIMED)
    assert ["eager", "captured"] == [cell.side for cell in plan(setting).cells(results)]


def test_sides_take_turns(setting):
    """Each warms up alone; then round by round, every other one the other way round."""
    told = []
    setting = evolve(setting, batches_per_epoch=2)
    turns = plan(setting, sides=[SIDES["eager"], SIDES["flodl"]], device="cpu", kernels=False)
    results = Results(None, setting)
    measure(turns, results, lambda doing, cell: told.append(doing or f"done {cell.side}"))
    assert told == [
        "mlp: starting eager, flodl",
        "mlp: eager: warming up",
        "mlp: flodl: warming up",
        "mlp: eager: measuring",
        "mlp: flodl: measuring",
        "mlp: flodl: measuring",
        "done flodl",
        "mlp: eager: measuring",
        "done eager",
    ]
    assert [2, 2] == [cell.rounds for cell in turns.cells(results)]
