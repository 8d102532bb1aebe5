"""Batches on the device: those of a DataLoader over the same sampler, resident or copied, gone on with anywhere."""

from __future__ import annotations

import json
import warnings

import pytest
import torch
from flodl_core import TensorError, TrainingError
from flodl_nn import DeviceLoader, Sampler
from hypothesis import given
from hypothesis import strategies as some
from torch.utils.data import ConcatDataset, DataLoader, Dataset, Subset, TensorDataset, WeightedRandomSampler

KEEP = ["resident", "prefetched"]


def items(size=23):
    return TensorDataset(torch.randn(size, 3, generator=torch.Generator().manual_seed(0)), torch.arange(size))


class OneByOne(Dataset):
    """Makes an item when asked; numbers, not all tensors."""

    def __len__(self):
        return 23

    def __getitem__(self, index):
        if index >= 23:
            raise IndexError(index)
        return torch.full((2, 2), float(index)), index


class Named(OneByOne):
    """Items with names."""

    def __getitem__(self, index):
        x, y = super().__getitem__(index)
        return {"x": x, "y": y}


DATA = {
    "tensors": items(),
    "subset": Subset(items(40), [*range(35, 12, -1)]),
    "subset of a subset": Subset(Subset(items(60), [*range(50, 0, -1)]), [*range(0, 46, 2)]),
    "from the end": Subset(Subset(items(30), [*range(-1, -26, -1)]), [*range(-1, -24, -1)]),
    "one by one": OneByOne(),
    "several": ConcatDataset([items(10), items(13)]),
}


def equal(one, other):
    return len(one) == len(other) and all(
        a.equal(b.cpu()) and a.dtype == b.dtype for a, b in zip(one, other, strict=True)
    )


@pytest.mark.parametrize("keep", ["auto", *KEEP])
@pytest.mark.parametrize("name", DATA)
def test_batches_are_those_of_a_data_loader(name, keep, device):
    """The same bits in the same order, epoch after epoch, on the device."""
    loader = DeviceLoader(DATA[name], 4, seed=3, device=device, keep=keep)
    plain = DataLoader(DATA[name], batch_sampler=Sampler(DATA[name], 4, seed=3))
    for _ in range(3):
        for expected, batch in zip(plain, loader, strict=True):
            assert isinstance(batch, tuple)
            assert equal(expected, batch)
            assert all(tensor.device.type == device.type for tensor in batch)
    assert (len(loader), loader.sampler.epoch) == (6, 3)


@given(size=some.integers(1, 40), batch=some.integers(1, 12), seed=some.integers(0, 2**40), shuffle=some.booleans())
def test_any_order_is_the_samplers(size, batch, seed, shuffle):
    """Whatever its settings."""
    data = TensorDataset(torch.arange(size))
    loader = DeviceLoader(data, batch, seed=seed, shuffle=shuffle, device="cpu")
    for _ in range(2):
        order = list(Sampler(size, batch, seed=seed, shuffle=shuffle)) if loader.sampler.epoch == 0 else None
        seen = [places.tolist() for (places,) in loader]
        assert order is None or order == seen
        assert sorted(place for places in seen for place in places) == list(range(size))


def test_named_items_stay_named(device):
    """What is collated keeps its form, resident or not."""
    for keep in KEEP:
        batch = next(iter(DeviceLoader(Named(), 4, shuffle=False, device=device, keep=keep)))
        assert [0, 1, 2, 3] == batch["y"].tolist()
        assert batch["x"].shape == (4, 2, 2)


def test_who_is_resident():
    """Tensors in memory are; what is read one by one is when asked for, and says why it is not otherwise."""
    assert DeviceLoader(DATA["subset"], 4, device="cpu").resident
    one = DeviceLoader(DATA["one by one"], 4, device="cpu")
    assert (one.resident, one.reason) == (False, "a OneByOne reads its items one by one")
    assert repr(one) == "DeviceLoader(23 items, 6 batches, prefetched to cpu)"
    assert repr(DeviceLoader(OneByOne(), 4, device="cpu", keep="resident")).endswith("resident on cpu)")
    told = DeviceLoader(items(), 4, device="cpu", keep="prefetched")
    assert (told.resident, told.reason) == (False, 'keep="prefetched"')
    with pytest.raises(TrainingError, match='only resident data has rows on the device: keep="prefetched"'):
        next(told.rows())


def test_residents_on_the_cpu_are_not_copied():
    """The tensors are the data set's own."""
    data = items()
    loader = DeviceLoader(data, 4, device="cpu")
    data.tensors[0].zero_()
    assert not any(x.any() for x, _ in loader)


@pytest.mark.parametrize("keep", KEEP)
@pytest.mark.parametrize("name", ["tensors", "one by one"])
@pytest.mark.parametrize("stop", [1, 4, 6])
def test_a_run_goes_on_from_the_middle_of_an_epoch(stop, name, keep, device):
    """Saved while batch `stop` is in hand: the rest of the epoch, then the next. The other kind goes on as well."""

    def batches(loader, epochs):
        while loader.sampler.epoch < epochs:
            for _, y in loader:
                yield y.tolist()

    def fresh(keep):
        return DeviceLoader(DATA[name], 4, seed=5, device=device, keep=keep)

    whole = list(batches(fresh(keep), 2))
    first, seen = fresh(keep), []
    for batch in batches(first, 2):
        seen.append(batch)
        if len(seen) == stop:
            break
    for other in KEEP:
        second = fresh(other)
        second.load_state_dict(json.loads(json.dumps(first.state_dict())))
        assert second.position == stop
        assert whole == seen + list(batches(second, 2))


def test_workers_read_for_the_same_batches(device):
    """Processes that fetch ahead do not spoil the position, and a pass left early starts over."""
    loader = DeviceLoader(DATA["one by one"], 4, device=device, num_workers=2)
    first = next(iter(loader))
    assert loader.position == 1
    again = list(loader)
    assert equal([tensor.cpu() for tensor in first], again[0])
    assert list(range(23)) == sorted(int(place) for _, y in again for place in y)


def test_listeners_hear_each_batch(device):
    """What a training state follows."""
    for keep in KEEP:
        loader = DeviceLoader(items(), 10, device=device, keep=keep)
        heard = []
        loader.listeners.append(lambda moment, _, heard=heard: heard.append(moment))
        for _ in loader:
            heard.append("body")
        assert ["begin", *["body", "batch"] * 3, "pass", "end"] == heard


def test_no_number_of_the_run_is_drawn():
    """Resident or not, with or without a look at a batch: dropout draws the same."""
    for name in DATA:
        for keep in KEEP:
            torch.manual_seed(0)
            expected = torch.rand(())
            torch.manual_seed(0)
            list(DeviceLoader(DATA[name], 4, device="cpu", keep=keep))
            assert expected.equal(torch.rand(()))


def test_a_collate_fn_makes_the_batches(device):
    """Items of many shapes: the user's function says what becomes of them."""
    words = [torch.arange(size) for size in (1, 4, 2)]
    loader = DeviceLoader(
        words,
        3,
        shuffle=False,
        device=device,
        collate_fn=lambda w: torch.nn.utils.rnn.pad_sequence(w, batch_first=True),
    )
    assert [[[0, 0, 0, 0], [0, 1, 2, 3], [0, 1, 0, 0]]] == [batch.tolist() for batch in loader]
    loader = DeviceLoader(items(), 3, device=device, collate_fn=len)
    assert "its collate_fn makes the batches" == loader.reason


def test_what_is_too_large_is_refused():
    """By a budget, with both sizes; items that are read one by one are judged by the first."""
    with pytest.raises(TrainingError) as refused:
        DeviceLoader(OneByOne(), 4, device="cpu", keep="resident", budget=500)
    assert str(refused.value) == (
        "the data set cannot be kept on cpu: it takes 552 B, and its budget is 500 B\n"
        '  try: keep="prefetched" copies batch by batch; budget= says how many bytes data may take'
    )
    assert DeviceLoader(OneByOne(), 4, device="cpu", keep="resident", budget=552).resident


def test_what_does_not_fit_is_copied_and_that_is_said_once(device):
    """The same batches from the host."""
    if device.type != "cuda":
        pytest.skip("data that is in the host's memory fits there")
    with pytest.warns(UserWarning, match="stays on the host, and batches are copied: it takes 460 B"):
        loader = DeviceLoader(items(), 4, shuffle=False, device=device, budget=100)
    batches = list(loader)  # says no more, or this fails
    assert not loader.resident
    assert equal(items().tensors, [torch.cat(part) for part in zip(*batches, strict=True)])
    with pytest.raises(TrainingError, match="cannot be kept on cuda:0: it takes 460 B"):
        DeviceLoader(items(), 4, device=device, keep="resident", budget=100)


def test_a_gpu_keeps_half_of_its_memory_for_the_model(device):
    """Without a budget data may take half of what is free."""
    if device.type != "cuda":
        pytest.skip("only a GPU has memory of its own")
    free, _ = torch.cuda.mem_get_info(device)
    huge = TensorDataset(torch.empty(1, dtype=torch.uint8).expand(int(free * 0.6)))
    with pytest.warns(UserWarning, match=r"it takes \d+\.\d GiB, and cuda:0 has \d+\.\d GiB free, half of it for data"):
        assert not DeviceLoader(huge, 4, device=device).resident


@pytest.mark.parametrize("keep", KEEP)
def test_nothing_waits_for_the_device(keep, device):
    """torch raises at the first call that would."""
    if device.type != "cuda":
        pytest.skip("only a GPU can be waited for")
    loader = DeviceLoader(items(640), 64, device=device, keep=keep)
    list(loader)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Synchronization debug mode is a prototype")
        torch.cuda.set_sync_debug_mode("error")
    try:
        sums = [x.sum() + y.sum() for x, y in loader]
    finally:
        torch.cuda.set_sync_debug_mode("default")
    expected = sum(tensor.double().sum() for tensor in items(640).tensors)
    torch.testing.assert_close(torch.stack(sums).double().sum().cpu(), expected)


class Ragged(OneByOne):
    """Items grow."""

    def __getitem__(self, index):
        return torch.zeros(index + 1), index


class Rounded(OneByOne):
    """A number that is whole at first."""

    def __getitem__(self, index):
        return index if index < 20 else index + 0.5


class Renamed(Named):
    """The last items call their target otherwise."""

    def __len__(self):
        return 300

    def __getitem__(self, index):
        return {"x": torch.zeros(1), "y" if index < 256 else "z": index}


class Worded(OneByOne):
    """An item has a word."""

    def __getitem__(self, index):
        return torch.zeros(1), "word"


@pytest.mark.parametrize(
    ("message", "call"),
    [
        (
            "keep is one of auto, resident, prefetched, got 'residant'\n  try: did you mean 'resident'",
            {"keep": "residant"},
        ),
        ("a loader takes a batch_size or a sampler, got neither\n  try: batch_size=64", {"batch_size": None}),
        ("a loader takes a batch_size or a sampler, got both", {"sampler": Sampler(23, 4)}),
        ("the sampler orders 5 items, and the data set has 23", {"batch_size": None, "sampler": Sampler(5, 4)}),
        (
            "shuffle, seed and drop_last are those of the sampler",
            {"batch_size": None, "sampler": Sampler(23, 4), "seed": 1},
        ),
        (
            "a sampler is a flodl_nn.Sampler, got a WeightedRandomSampler\n  try: a DataLoader takes any other",
            {"batch_size": None, "sampler": WeightedRandomSampler([1.0] * 23, 4)},
        ),
        ("a data set has a length and items by number, and a generator has not", {"data": (i for i in range(3))}),
        (
            "a tuple of 2 tensors is a data set of 2 items\n  try: TensorDataset",
            {"data": (torch.ones(5), torch.ones(5))},
        ),
        ("items by number, and a dict has them by key", {"data": {"x": torch.ones(5)}}),
        ("budget is a whole number of bytes, got '1GB'", {"budget": "1GB"}),
        ("a collate_fn nothing to do", {"keep": "resident", "collate_fn": list}),
        ("items 0 to 22 of the Ragged cannot be held as rows of tensors", {"data": Ragged(), "keep": "resident"}),
        ("items 0 to 22 of the Rounded .*: their element types differ", {"data": Rounded(), "keep": "resident"}),
        ("items 256 to 299 of the Renamed .*: their parts are not", {"data": Renamed(), "keep": "resident"}),
        ("a Subset names an item .*: its data set has 23 items", {"data": Subset(items(), [3, 23])}),
        ("num_workers is how many processes read items, got -1", {"num_workers": -1}),
        ("num_workers is how many processes read items, got '2'", {"num_workers": "2"}),
        ("item 0 of the Worded .*: there is a str among them", {"data": Worded(), "keep": "resident"}),
        ("23 items make no batch of 30", {"batch_size": 30, "drop_last": True}),
    ],
)
def test_wrong_use_is_named(message, call):
    """What is wrong, and what to do."""
    with pytest.raises(TrainingError, match=message.replace("(", r"\(")):
        DeviceLoader(**{"data": OneByOne(), "batch_size": 4, "device": "cpu", **call})


def test_a_device_that_is_not_there_is_named():
    """By the one function that decides."""
    with pytest.raises(TensorError, match="'cqu' is no device"):
        DeviceLoader(items(), 4, device="cqu")
