"""The examples run as they stand, and what they promise holds: they assert it themselves."""

from __future__ import annotations

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
