"""A call taken apart: what is copied, and what tells one call from another."""

from __future__ import annotations

import torch
from flodl_core.capture.batch import Batch

CPU = torch.device("cpu")


def test_a_tensor_given_twice_is_one():
    """An autoencoder's input is its target: copied once, and still the same tensor in the copied call."""
    x, y = torch.ones(2, 3), torch.zeros(2)
    batch = Batch.read((x, y), {"target": x}, CPU)
    assert [id(x), id(y)] == list(map(id, batch.tensors))
    other, another = x.clone(), y.clone()
    args, kwargs = batch.with_tensors([other, another])
    assert args[0] is other
    assert args[1] is another
    assert kwargs["target"] is other


def test_the_same_twice_is_another_call_than_two_that_are_alike():
    """A step may do another thing then; so the one's recording is not the other's."""
    x = torch.ones(2, 3)
    signatures = [Batch.read(pair, {}, CPU).signature for pair in ((x, x), (x, x.clone()), (x.clone(), x), (x + 1, x))]
    assert signatures[1] == signatures[2] == signatures[3]
    assert signatures[0] != signatures[1]
    y = x.clone()
    assert Batch.read((y, y), {}, CPU).signature == signatures[0]
    assert Batch.read((x, y, x), {}, CPU).signature != Batch.read((x, y, y), {}, CPU).signature
