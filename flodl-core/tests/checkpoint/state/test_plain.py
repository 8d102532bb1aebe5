"""Plain data with tensors in it goes through JSON and comes back the same; nothing else goes."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch
from flodl_core import CheckpointError
from flodl_core.checkpoint.state.plain import pack, unpack
from hypothesis import given
from hypothesis import strategies as some

PLAIN = some.recursive(
    some.none() | some.booleans() | some.integers(-(2**80), 2**80) | some.floats() | some.text(),
    lambda inner: (
        some.lists(inner)
        | some.lists(inner).map(tuple)
        | some.dictionaries(some.text() | some.integers() | some.tuples(some.integers(), some.text()), inner)
    ),
    max_leaves=20,
)


def through_json(value):
    tensors = {}
    return unpack(json.loads(json.dumps(pack(value, tensors), allow_nan=False)), tensors)


@given(PLAIN)
def test_plain_data_comes_back(value):
    """Types too: tuples, keys that are no strings, keys that begin with a dollar, NaN."""
    assert repr(value) == repr(through_json(value))


def test_tensors_come_back_with_memory_of_their_own(device):
    """Bit by bit, in any dtype, at any depth; and what is read is not what was given."""
    given_ones = {"a": torch.tensor([1.0, math.nan, -0.0], device=device), "b": [torch.ones(2, dtype=torch.bfloat16)]}
    got = through_json(given_ones)
    assert given_ones["a"].cpu().view(torch.int32).equal(got["a"].cpu().view(torch.int32))
    assert got["b"][0].dtype == torch.bfloat16
    got["a"].zero_()
    assert given_ones["a"][0] == 1


def test_names_that_meet_are_told_apart():
    """`{"a.b": x, "a": {"b": y}}` holds two tensors."""
    got = through_json({"a.b": torch.tensor(1), "a": {"b": torch.tensor(2)}})
    assert [1, 2] == [got["a.b"].item(), got["a"]["b"].item()]


def test_numpy_comes_back():
    """Arrays as arrays of their type, its scalars as Python's."""
    got = through_json({"key": np.arange(4, dtype=np.uint32), "gauss": np.float64(0.5), "cut": np.arange(6)[::2]})
    assert got["key"].dtype == np.uint32
    assert [0, 1, 2, 3] == got["key"].tolist()
    assert ([0, 2, 4], 0.5) == (got["cut"].tolist(), got["gauss"])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"fn": [print]}, "'fn.0' holds a builtin_function_or_method"),
        ({1, 2}, "a set, which is neither plain data nor a tensor"),
        ({"x": b"bytes"}, "'x' holds a bytes"),
        ({"x": torch.eye(2).to_sparse()}, "'x' is a tensor that cannot be kept"),
        ({"x": np.array(["a"])}, "'x' is an array of <U1"),
        ({frozenset(): 1}, "a frozenset"),
    ],
)
def test_what_is_no_data_is_refused(value, message):
    """With the path that leads to it."""
    with pytest.raises(CheckpointError, match=message):
        pack(value, {})


@pytest.mark.parametrize(
    "data",
    [
        {"$tensor": "b"},
        {"$tensor": 3},
        {"$array": None},
        {"$tuple": 3},
        {"$float": 1.5},
        {"$float": "0x10"},
        {"$dict": [[1]]},
        {"$dict": [[[], 1]]},
        {"$dict": {}},
        {"$call": "os.system"},
        {"$tensor": "a", "x": 1},
    ],
)
def test_what_nobody_writes_is_not_read(data):
    """A hostile file gets an error, never a guess."""
    with pytest.raises(CheckpointError, match="its data"):
        unpack(data, {"a": torch.zeros(1)})
