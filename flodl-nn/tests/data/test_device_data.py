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
