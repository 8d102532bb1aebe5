"""Weighted means of an epoch."""

from __future__ import annotations

import pytest
from flodl_core import MonitorError
from flodl_monitor.meter import Meter


def test_meter_gives_weighted_means_in_order():
    """An odd last batch counts for its size; names come back in the order of their first value."""
    numpy = pytest.importorskip("numpy")
    meter = Meter()
    values, weights = [0.5, 0.25, 1.0], [32, 32, 7]
    for value, weight in zip(values, weights, strict=True):
        meter.add("loss", value, weight)
        meter.add("acc", 1)
    assert {"loss": float(numpy.average(values, weights=weights)), "acc": 1.0} == pytest.approx(meter.close())
    assert {} == meter.close()


def test_meter_keeps_tensors_where_they_are(device):
    """Half precision does not spoil a long mean, history is not kept, and a value changed later is not seen."""
    torch = pytest.importorskip("torch")
    meter = Meter()
    value = torch.tensor(0.1, dtype=torch.bfloat16, device=device, requires_grad=True)
    for _ in range(1000):
        meter.add("loss", value)
    with torch.no_grad():
        value.fill_(9.0)
    total, _ = meter._sums["loss"]
    assert not total.requires_grad
    assert total.device.type == device.type
    assert float(torch.tensor(0.1, dtype=torch.bfloat16)) == pytest.approx(meter.close()["loss"], rel=1e-9)


@pytest.mark.parametrize("kind", ["float64", "float32", "float16", "bfloat16", "int64", "bool"])
def test_meter_mixes_numbers_and_tensors(kind, device):
    """Of any type, in either order, recorded under any gradient mode."""
    torch = pytest.importorskip("torch")
    number, tensor = 1.0, torch.tensor(1, dtype=getattr(torch, kind), device=device)
    for first, second in ((number, tensor), (tensor, number), (tensor, tensor)):
        meter = Meter()
        with torch.inference_mode():
            meter.add("value", first, 0.5)
        meter.add("value", second, 3)
        assert {"value": 1.0} == meter.close()


def test_meter_takes_one_element_of_any_shape(device):
    """A loss of shape [1] is a number too."""
    torch = pytest.importorskip("torch")
    meter = Meter()
    meter.add("loss", torch.full((1, 1), 2.0, device=device))
    assert {"loss": 2.0} == meter.close()
    with pytest.raises(MonitorError, match=r"got shape \[3\]"):
        meter.add("loss", torch.zeros(3, device=device))


def test_meter_leaves_out_what_weighs_nothing():
    """An empty batch: no value, no division by zero."""
    meter = Meter()
    meter.add("loss", 3.0, 0)
    assert {} == meter.close()


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
def test_meter_refuses_odd_weights(weight):
    """They would make the mean a lie."""
    with pytest.raises(MonitorError, match="a weight is a number >= 0"):
        Meter().add("loss", 1.0, weight)


def test_peek_leaves_all_as_it_is(device):
    """The means so far, off another thread; a tensor on a GPU is not waited for, and so left out."""
    torch = pytest.importorskip("torch")
    meter = Meter()
    meter.add("loss", 1.0)
    meter.add("loss", 2.0, weight=3.0)
    meter.add("norm", torch.tensor(0.5, device=device))
    meter.add("nothing", 1.0, weight=0.0)
    expected = {"loss": 1.75, "norm": 0.5} if device.type == "cpu" else {"loss": 1.75}
    assert expected == meter.peek() == meter.peek()
    assert {"loss": 1.75, "norm": 0.5} == meter.close()


def test_no_real_number_is_told_at_once(device):
    """Not at the epoch's end, where it would cost all its metrics."""
    torch = pytest.importorskip("torch")
    meter = Meter()
    for odd in (torch.zeros((), dtype=torch.complex64, device=device), torch.zeros((), device="meta")):
        with pytest.raises(MonitorError, match="a metric is one real number"):
            meter.add("odd", odd)
    meter.add("loss", 1.0)
    assert {"loss": 1.0} == meter.close()
