"""A data set on the device, in whatever order is asked for."""

from __future__ import annotations

import pytest
import torch
from flodl_core import TrainingError
from flodl_nn import DeviceData
from torch.utils.data import Dataset, Subset, TensorDataset

HALVES = [slice(0, 4), slice(4, 7)]


class Counted(Dataset):
    """Remembers which items were read."""

    def __init__(self):
        self.read = []

    def __len__(self):
        return 20

    def __getitem__(self, index):
        self.read.append(index)
        return torch.full((3,), float(index)), torch.tensor(index)


def tensors():
    return TensorDataset(torch.arange(20.0)[:, None].expand(20, 3).clone(), torch.arange(20))


def gathered(batch):
    return batch.gather() if hasattr(batch, "gather") else batch


@pytest.mark.parametrize("keep", ["resident", "prefetched"])
@pytest.mark.parametrize("source", [tensors(), Subset(tensors(), range(20)), Counted()], ids=lambda s: type(s).__name__)
def test_any_order_in_any_parts(source, keep, device):
    """The items at those places, in that order, on the device; an item may come twice."""
    order = torch.tensor([19, 3, 3, 0, 7, 12, 1])
    data = DeviceData(source, device, keep=keep)
    batches = [gathered(batch) for batch in data.batches(order, HALVES)]
    assert [[19, 3, 3, 0], [7, 12, 1]] == [y.tolist() for _, y in batches]
    assert all(x.eq(y[:, None]).all() and x.device.type == y.device.type == device.type for x, y in batches)
    assert data.resident == (keep == "resident")


def test_nothing_is_read_before_it_is_asked_for():
    """Items of a batch when the batch is due: one that draws random numbers draws them then."""
    source = Counted()
    batches = DeviceData(source, "cpu").batches(torch.arange(7), HALVES)
    assert [] == source.read
    next(batches)
    assert [0, 1, 2, 3] == source.read


def test_parts_of_one_data_set_share_it(device):
    """Loops over several parts at the same time read the same tensors."""
    data = DeviceData(tensors(), device)
    one, other = (data.batches(torch.arange(begin, begin + 7), HALVES) for begin in (0, 10))
    pairs = list(zip(one, other, strict=True))
    assert all(a.table is b.table is data.table for a, b in pairs)
    assert [[0, 1, 2, 3], [10, 11, 12, 13]] == [rows.gather()[1].tolist() for rows in pairs[0]]


def test_what_is_no_data_set_is_named():
    """Before anything is read."""
    with pytest.raises(TrainingError, match="and a generator has not"):
        DeviceData((i for i in range(3)), "cpu")
    with pytest.raises(TrainingError, match="item 0 of the list cannot be held as rows of tensors: list index out of"):
        DeviceData([], "cpu", keep="resident")
    assert 0 == len(DeviceData([], "cpu"))


@pytest.mark.parametrize(
    ("order", "message"),
    [
        (torch.tensor([0, 20]), "the order reaches from 0 to 20, and the data set has 20 items"),
        (torch.tensor([-1, 3]), "the order reaches from -1 to 3"),
        (torch.ones(3), "an order is an i64 tensor of places on the CPU, got tensor"),
        ([0, 1], r"an order is an i64 tensor of places on the CPU, got \[0, 1\]\n  try: torch.arange"),
    ],
)
def test_an_order_of_what_is_not_there_is_named(order, message, device):
    """On a GPU the gather itself would end the process."""
    source = torch.utils.data.TensorDataset(torch.arange(20))
    with pytest.raises(TrainingError, match=message):
        next(DeviceData(source, device).batches(order, [slice(0, 2)]))
