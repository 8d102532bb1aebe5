"""The record of an epoch."""

from __future__ import annotations

import copy
import pickle

import pytest
from flodl_monitor import EpochRecord


def test_record_cannot_be_changed(record):
    """A sink cannot change what the next sink sees."""
    one = record(metrics={"loss": 0.5})
    with pytest.raises(TypeError):
        one.metrics["loss"] = 0.0
    with pytest.raises(AttributeError):
        one.epoch = 2


def test_record_keeps_its_own_copy(record):
    """Whoever handed in the metrics may go on using the dict."""
    metrics = {"loss": 0.5}
    one = record(metrics=metrics)
    metrics["loss"] = 9.0
    assert {"loss": 0.5} == dict(one.metrics)


@pytest.mark.parametrize("copier", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
def test_record_travels(record, copier):
    """Copies and pickles are equal, hash alike, and keep the wall clock."""
    one = record(3, eta=1.5, metrics={"loss": 0.5}, resources={"cpu_percent": 3.0}, time=12.0)
    other = copier(one)
    assert one == other
    assert hash(one) == hash(other)
    assert 12.0 == other.time


def test_record_takes_keywords_only():
    """Seven numbers in a row could be anything."""
    with pytest.raises(TypeError):
        EpochRecord(1, 2, 0.5)
