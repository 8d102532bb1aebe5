"""What counts as one number."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from flodl_core import MonitorError
from flodl_monitor.scalars import as_count, as_name, as_number


@pytest.mark.parametrize(
    ("value", "number"), [(1.5, 1.5), (3, 3.0), (True, 1.0), (Decimal("0.25"), 0.25), (Fraction(1, 4), 0.25)]
)
def test_numbers_of_many_kinds(value, number):
    """Whatever is one real number."""
    assert number == as_number(value)
    assert isinstance(as_number(value), float)


def test_numbers_from_tensors(device):
    """0-d and one-element tensors of any type, with or without history."""
    torch = pytest.importorskip("torch")
    assert 0.5 == as_number(torch.tensor(0.5, device=device, requires_grad=True))
    assert 3.0 == as_number(torch.tensor([3], device=device))
    assert 0.5 == as_number(torch.tensor(0.5, device=device, dtype=torch.bfloat16))


def test_numbers_from_numpy():
    """Scalars and arrays of one element."""
    numpy = pytest.importorskip("numpy")
    assert [0.5, 2.0, 7.0] == [as_number(it) for it in (numpy.float32(0.5), numpy.array(2.0), numpy.array([7]))]


@pytest.mark.parametrize("value", ["0.5", None, [1.0], {"a": 1}, 1j, object(), b"1", 10**400])
def test_numbers_refuse_the_rest(value):
    """Text is no number, and neither is a list of one."""
    with pytest.raises(MonitorError, match="a metric is"):
        as_number(value)


def test_numbers_refuse_several(device):
    """The shape is in the message."""
    torch = pytest.importorskip("torch")
    with pytest.raises(MonitorError, match=r"one number, got shape \[2, 3\]"):
        as_number(torch.zeros(2, 3, device=device))


def test_names_fit_every_format(hostile_names):
    """UTF-8 can hold them, none has a NUL, and different names stay different."""
    names = [as_name(name) for name in hostile_names]
    assert all(name.encode("utf-8") and "\0" not in name for name in names if name)
    assert len(set(names)) == len(hostile_names)
    assert "3" == as_name(3)


@pytest.mark.parametrize("value", [True, 1.0, -1, "3", None])
def test_counts_are_whole_numbers(value):
    """An epoch number is neither a bool nor a float."""
    with pytest.raises(MonitorError, match="epochs are counted"):
        as_count(value)
