"""The examples run as they stand, and what they promise holds: they assert it themselves."""

from __future__ import annotations

import csv
from pathlib import Path
from types import ModuleType

import pytest
import torch
from as_module import as_module
from flodl_core import components
from flodl_monitor import read_event_log

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def example(name: str) -> ModuleType:
    """An example's file as a module of its own."""
    return as_module(EXAMPLES / f"{name}.py")


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def test_quickstart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line per epoch, a hundredth of the loss, and a page of the curves."""
    model = example("quickstart").main(tmp_path)
    assert 50 == model.epoch == capsys.readouterr().err.count("  epoch ")
    assert '"finished":true' in (tmp_path / "quickstart.html").read_text(encoding="utf-8")


def test_sine_wave(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ten rows and the largest error; the rate falls to nothing in the table; floDl's file is read back alike."""
    example("sine_wave").main(tmp_path)
    said = capsys.readouterr().out.splitlines()
    assert 12 == len(said)
    assert said[-1].startswith("largest error 0.0")
    with (tmp_path / "sine.csv").open(newline="") as file:
        rates = [float(row["lr"]) for row in csv.DictReader(file)]
    assert sorted(rates, reverse=True) == rates
    assert 5e-3 == rates[0] > 1000 * rates[-1]
    assert {"sine.csv", "sine.html", "sine.fdl"} == {file.name for file in tmp_path.iterdir()}


def test_transfer_learning(capsys: pytest.CaptureFixture[str]) -> None:
    """A loaded and frozen encoder beats a network that begins from nothing; the table says what was frozen."""
    found = example("transfer_learning").main()
    assert ["encoder frozen", "fine-tuned", "from scratch"] == list(found)
    assert "frozen" in capsys.readouterr().out


def test_observation(tmp_path: Path) -> None:
    """Rules slow down and stop; the event log, the table and the log hold what was seen."""
    model = example("observation").main(tmp_path)
    records = read_event_log(tmp_path / "run.jsonl")
    actions = [action for record in records for firing in record.fired for action in firing.actions]
    assert ["scale_lr(0.3)", "stop()"] == sorted(set(actions))
    assert model.epoch == len(records) == len((tmp_path / "run.log").read_text().splitlines()) - 1
    assert {"loss", "hidden", "refine.residual", "val_loss", "val_accuracy"} == records[-1].metrics.keys()


def test_showcase(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every word of the builder in one graph; it asserts what each does, and leaves its files."""
    model = example("showcase").main(tmp_path)
    said = {step.word for step in model.ir.flow.steps if hasattr(step, "word")}
    assert {component.name for component in components.list("word") if component.origin.builtin} <= said
    assert {"showcase.safetensors", "showcase.svg", "showcase.toml"} == {file.name for file in tmp_path.iterdir()}
    assert "loss by epoch" in capsys.readouterr().out


def test_mixed_precision(capsys: pytest.CaptureFixture[str]) -> None:
    """Half precision reads digits as well as single; weights stay single, and an overflow is skipped."""
    found = example("mixed_precision").main()
    assert ["fp32", "bf16", "fp16"] == list(found)
    assert "the loss scale went from 65536 to 32768" in capsys.readouterr().out


def test_schedulers() -> None:
    """Schedules shape the rate of each part alike, and a resumed run goes on in the middle of one."""
    rates = example("schedulers").main()
    assert [8] == list({len(each) for each in rates.values()})
    assert rates["halved on a plateau"][0] == 2 * rates["halved on a plateau"][-1]
