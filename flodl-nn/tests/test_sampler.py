"""The order of batches: seeded, whole, and exact when gone on with in the middle."""

from __future__ import annotations

import json

import pytest
import torch
from flodl_core import CheckpointError, TrainingError
from flodl_nn import Sampler
from hypothesis import given
from hypothesis import strategies as some
from torch.utils.data import DataLoader, TensorDataset


@given(size=some.integers(1, 60), batch_size=some.integers(1, 20), seed=some.integers(0, 2**40))
def test_an_epoch_has_every_item_once(size, batch_size, seed):
    """In an order that the seed decides and every epoch changes."""
    sampler, again = Sampler(size, batch_size, seed=seed), Sampler(size, batch_size, seed=seed)
    first, second = list(sampler), list(sampler)
    assert sorted(i for batch in first for i in batch) == list(range(size))
    assert (len(first), sampler.epoch) == (len(sampler), 2)
    assert [first, second] == [list(again), list(again)]
    if size > 20:
        assert first != second


def test_an_odd_last_batch_may_be_left_out():
    """`drop_last`."""
    assert list(Sampler(5, 2, shuffle=False, drop_last=True)) == [[0, 1], [2, 3]]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("stop", [1, 4, 7])
def test_a_run_goes_on_from_the_middle_of_an_epoch(stop, workers):
    """Saved while batch `stop` is in hand, with workers far ahead: the rest of the epoch, then the next."""
    data = TensorDataset(torch.arange(20))

    def batches(sampler, epochs):
        loader = DataLoader(data, batch_sampler=sampler, num_workers=workers)
        while sampler.epoch < epochs:
            for (items,) in sampler.follow(loader):
                yield items.tolist()

    whole = list(batches(Sampler(data, 3, seed=5), 2))
    first = Sampler(data, 3, seed=5)
    seen = []
    for items in batches(first, 2):
        seen.append(items)
        if len(seen) == stop:
            break
    second = Sampler(data, 3, seed=5)
    second.load_state_dict(json.loads(json.dumps(first.state_dict())))
    assert whole == seen + list(batches(second, 2))


@pytest.mark.parametrize("workers", [0, 2])
def test_a_run_that_went_on_midway_can_be_left_again(workers):
    """Its position counts from where it went on, with workers far ahead."""
    data = TensorDataset(torch.arange(20))
    sampler = Sampler(data, 3, seed=5)
    sampler.load_state_dict({**sampler.state_dict(), "position": 3})
    loader = DataLoader(data, batch_sampler=sampler, num_workers=workers)
    assert [4, 5, 6, 7] == [sampler.position for _ in sampler.follow(loader)]


def test_a_plain_loader_counts_too():
    """Without `follow` and without workers the position is that of the batch in hand."""
    data = TensorDataset(torch.arange(10))
    sampler = Sampler(data, 3)
    for index, _ in enumerate(DataLoader(data, batch_sampler=sampler)):
        if index == 1:
            break
    assert (sampler.epoch, sampler.position) == (0, 2)


def test_looking_at_one_batch_uses_nothing_up():
    """An iteration left early starts over with the same order."""
    sampler = Sampler(10, 3)
    peeked = next(iter(sampler))
    assert peeked == next(iter(sampler))
    assert len(list(sampler)) == 4


def test_another_order_is_no_order_to_go_on_with():
    """Settings that would change it are compared."""
    sampler = Sampler(10, 3)
    with pytest.raises(CheckpointError, match="saved with size=11, this one has 10"):
        sampler.load_state_dict(Sampler(11, 3).state_dict())
    with pytest.raises(CheckpointError, match="saved with seed=1, this one has 0"):
        sampler.load_state_dict(Sampler(10, 3, seed=1).state_dict())
    for other in ({}, None, {"format": 1}):
        with pytest.raises(CheckpointError, match="no state of a sampler"):
            sampler.load_state_dict(other)
    for damage in ({"position": 5}, {"position": -1}, {"position": "1"}, {"epoch": None}, {"epoch": -1}):
        with pytest.raises(CheckpointError, match=r"no sampler stands at batch .* of 4 in epoch"):
            sampler.load_state_dict({**sampler.state_dict(), **damage})
    assert (0, 0) == (sampler.epoch, sampler.position)


def test_sizes_that_make_no_batch():
    """Said at once, not by an epoch without steps."""
    with pytest.raises(TrainingError, match=r"2 items make no batch of 3\n  try: a smaller batch_size"):
        Sampler(2, 3, drop_last=True)
    with pytest.raises(TrainingError, match="batch_size is a whole number of at least 1, got 0"):
        Sampler(2, 0)


def test_an_epoch_that_was_saved_after_its_last_batch_has_no_more():
    """It gives none, once; then comes the next epoch."""
    sampler, again = Sampler(10, 5, seed=3), Sampler(10, 5, seed=3)
    for _ in sampler:
        state = sampler.state_dict()
    again.load_state_dict(state)
    assert [[], list(sampler)] == [list(again), list(again)]


def test_going_on_midway_draws_no_random_number():
    """A `DataLoader` draws one when an iteration begins; in the middle of an epoch that was done before."""
    data = TensorDataset(torch.arange(10))
    sampler = Sampler(data, 2)
    sampler.load_state_dict({**sampler.state_dict(), "position": 2})
    before = torch.get_rng_state()
    assert 3 == len(list(sampler.follow(DataLoader(data, batch_sampler=sampler))))
    assert before.equal(torch.get_rng_state())
    list(sampler.follow(DataLoader(data, batch_sampler=sampler)))
    assert not before.equal(torch.get_rng_state())


def test_listeners_hear_where_a_pass_stands():
    """Whether it is followed or iterated; a pass that is left early ends without being done."""
    heard = []
    sampler = Sampler(4, 2)
    sampler.listeners.append(lambda moment, _: heard.append((moment, sampler.position)))
    list(sampler)
    assert [("begin", 0), ("batch", 1), ("batch", 2), ("pass", 2), ("end", 0)] == heard
    heard.clear()
    batches = sampler.follow([1, 2])
    next(batches)
    batches.close()
    assert [("begin", 0), ("end", 1)] == heard


def test_what_makes_no_order_is_named():
    """A loader counts batches, not items; a seed and a size are whole numbers."""
    loader = torch.utils.data.DataLoader(list(range(10)), batch_size=5)
    with pytest.raises(TrainingError, match=r"orders items, got a DataLoader\n  try: Sampler\(loader.dataset"):
        Sampler(loader, 2)
    for uncounted in (5.0, None, iter([1])):
        with pytest.raises(TrainingError, match=r"has no length\n  try: Sampler\(data, batch_size\)"):
            Sampler(uncounted, 2)
    with pytest.raises(TrainingError, match=r"-3 items make no batch of 2"):
        Sampler(-3, 2)
    with pytest.raises(TrainingError, match=r"seed is a whole number, got 1.5"):
        Sampler(5, 2, seed=1.5)
    with pytest.raises(TrainingError, match=r"batch_size is a whole number, got 2.0"):
        Sampler(5, 2.0)


def test_a_sampler_says_where_it_is():
    """Items, batches, seed and epoch, for whoever prints it."""
    assert "Sampler(5 items, 3 batches, seed=0, epoch=0)" == repr(Sampler(5, 2))
