"""Every side trains: the same model, the same data, the same losses."""

from __future__ import annotations

import json

import attrs
import pytest
from flodl_bench.order import Order
from flodl_bench.process import CellFailed, Deadline, Process
from flodl_bench.sides import SIDES


@pytest.fixture
def trained(device, monkeypatch):
    """The losses after a round, and after another one, of a side in a process of its own."""
    if device.type == "cpu":  # a minute for a C++ compiler; on a GPU all sides are compiled in earnest
        monkeypatch.setenv("TORCH_COMPILE_DISABLE", "1")
    ordinary = {"model": "mlp", "shrink": 16, "batches": 3, "epochs": 1, "read_loss": "epoch", "inference": False}

    def train(side, **changes):
        order = Order(**{**ordinary, "side": side, "device": device.type, **changes})
        with Process("flodl_bench.worker", order.written()) as process:
            assert {"ready": True} == process.answer(Deadline())
            for word in ("warm", "round", "round"):
                process.say(word)
            answers = [process.answer(Deadline()) for _ in range(3)]
            return answers[1:]

    return train


def test_an_order_travels_whole():
    """As text, and back."""
    order = Order(
        model="mlp", side="eager", device="cpu", shrink=4, batches=5, epochs=6, read_loss="batch", inference=True
    )
    assert order == Order.read(order.written())
    assert attrs.asdict(order) == json.loads(order.written())


def test_the_step_that_compiles_is_one_of_the_first_epoch(trained):
    """No side learns from a batch more than others: the losses agree, while they change from round to round."""
    eager, later = trained("eager")
    compiled, _ = trained("compile")
    assert eager["loss"] == pytest.approx(compiled["loss"], rel=1e-3)
    assert abs(later["loss"] / eager["loss"] - 1) > 0.01


def test_what_cannot_be_captured_is_not_measured_as_something_else(trained):
    """It says why instead; on a CPU nothing can be recorded."""
    with pytest.raises(CellFailed, match=r"^TrainingError: this step cannot be captured: .*(CPU|CUDA)"):
        trained("captured", device="cpu")


@pytest.mark.parametrize("side", [side.name for side in SIDES.values() if side.devices == ("cuda",)])
@pytest.mark.parametrize("inference", [False, True])
def test_every_side_of_a_gpu_trains_and_judges(side, inference, device, trained):
    """To the loss of eager PyTorch, as far as its precision goes."""
    if device.type != "cuda":
        pytest.skip("needs a CUDA device")
    eager, _ = trained("eager", inference=inference)
    answer, _ = trained(side, inference=inference)
    assert eager["loss"] == pytest.approx(answer["loss"], rel=1e-3 if SIDES[side].precision == "fp32" else 0.1)
    assert answer["vram_reserved_mb"] >= answer["vram_mb"] > 0
