"""The pieces of a run, each against a plain calculation."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import torch
from flodl_cli.training.examples import Examples, cut, has_classes, split
from flodl_cli.training.generators import generator
from flodl_cli.training.report import confusion_lines
from flodl_cli.training.tally import Tally, confusion
from flodl_core.errors import ExperimentError
from flodl_nn import DeviceData
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import Dataset, TensorDataset


class Plain(Dataset):
    """A data set that is no TensorDataset."""

    def __init__(self, inputs, targets):
        self.inputs, self.targets = inputs, targets

    def __len__(self):
        return len(self.inputs)

    def __getitem__(self, place):
        return self.inputs[place], self.targets[place]


def on_cpu(*tensors):
    """A data set of tensors, where they are."""
    return DeviceData(TensorDataset(*tensors), "cpu")


def gathered(batches):
    """The tensors of each batch."""
    return [batch if len(batch) > 1 else batch[0].gather() for batch in batches]


@given(
    counts=st.lists(st.integers(1, 40), min_size=2, max_size=6), holdout=st.floats(0.05, 0.9), seed=st.integers(0, 9)
)
@settings(max_examples=40, deadline=None)
def test_split_keeps_proportions(counts, holdout, seed):
    """Held out: the rounded total, of each class its share to within one; nothing twice, nothing lost."""
    targets = torch.cat([torch.full((count,), label) for label, count in enumerate(counts)])
    total = len(targets)
    wanted = round(total * holdout)
    if not 0 < wanted < total:
        return
    learn, held = split(on_cpu(torch.zeros(total, 1), targets), holdout, seed)
    assert wanted == len(held)
    assert list(range(total)) == sorted([*learn.places.tolist(), *held.places.tolist()])
    shares = torch.bincount(held.targets(), minlength=len(counts))
    for count, share in zip(counts, shares.tolist(), strict=True):
        assert abs(share - count * wanted / total) < 1


def test_split_depends_on_the_seed_alone():
    """The same seed holds out the same; the state of torch's own generator has no say, and is not touched."""
    data = on_cpu(torch.arange(50.0), torch.arange(50.0))
    torch.manual_seed(1)
    state = torch.get_rng_state()
    one = split(data, 0.2, 3)[1].places
    assert torch.equal(state, torch.get_rng_state())
    torch.manual_seed(2)
    assert torch.equal(one, split(data, 0.2, 3)[1].places)
    assert not torch.equal(one, split(data, 0.2, 4)[1].places)


@pytest.mark.parametrize("holdout", [0.001, 0.999])
def test_split_without_examples_is_refused(holdout):
    """A part that would be empty is an error."""
    with pytest.raises(ExperimentError, match="holds out"):
        split(on_cpu(torch.zeros(10, 1), torch.zeros(10)), holdout, 0)


def test_any_map_style_data_set_batches_like_tensors(device):
    """A data set of items and one of tensors give the same batches in the same order, wherever they are kept."""
    inputs, targets = torch.randn(23, 4), torch.randint(0, 3, (23,))
    expected = None
    for dataset in (TensorDataset(inputs, targets), Plain(inputs, targets)):
        for keep in ("resident", "prefetched"):
            learn, _ = split(DeviceData(dataset, device, keep=keep), 0.25, 0)
            places = learn.places[torch.randperm(len(learn), generator=generator(0, 1))]
            expected = [(inputs[part], targets[part]) for part in places.split(5)] if expected is None else expected
            batches = gathered(learn.batches(5, shuffled_by=(0, 1)))
            assert all(torch.equal(a, b.cpu()) for a, b in zip(sum(expected, ()), sum(batches, ()), strict=True))
            few = zip((inputs, targets), learn.few(2), strict=True)
            assert all(torch.equal(whole[learn.places[:2]], part.cpu()) for whole, part in few)


def test_every_example_comes_once_per_epoch_in_another_order(device):
    """An epoch is a permutation; the next epoch is another one; no epoch needs the one before."""
    data = DeviceData(TensorDataset(torch.arange(20.0), torch.arange(20.0)), device)
    examples = Examples(data, torch.arange(20))
    orders = [torch.cat([x for x, _ in gathered(examples.batches(6, shuffled_by=(0, e)))]) for e in (0, 1, 1)]
    assert all(torch.equal(torch.arange(20.0), order.sort().values.cpu()) for order in orders)
    assert torch.equal(orders[1], orders[2])
    assert not torch.equal(orders[0], orders[1])


@pytest.mark.parametrize(
    ("total", "size", "expected"), [(9, 4, [4, 5]), (8, 4, [4, 4]), (1, 4, [1]), (3, 1, [1, 1, 1])]
)
def test_lone_example_joins_the_batch_before(total, size, expected):
    """No batch of one where batches are larger."""
    assert expected == [len(range(total)[part]) for part in cut(total, size)]


def test_tally_is_the_mean_over_rows(device):
    """Batches of different sizes weigh by their rows; the confusion matrix is a plain count."""
    torch.manual_seed(0)
    outputs, targets = torch.randn(10, 3, device=device), torch.randint(0, 3, (10,), device=device)
    tally = Tally(3)
    for part in (slice(0, 7), slice(7, 10)):
        loss = torch.nn.functional.cross_entropy(outputs[part], targets[part])
        tally.add(loss, len(targets[part]), outputs[part], targets[part])
    assert torch.nn.functional.cross_entropy(outputs, targets).item() == pytest.approx(tally.loss(), rel=1e-6)
    expected = [[0] * 3 for _ in range(3)]
    for target, guess in zip(targets.tolist(), outputs.argmax(1).tolist(), strict=True):
        expected[target][guess] += 1
    assert expected == tally.confusion().tolist()
    assert (outputs.argmax(1) == targets).double().mean().item() == pytest.approx(tally.accuracy())


def test_ignored_targets_count_nowhere():
    """A target outside the classes, such as -100, is not judged."""
    counts = confusion(torch.tensor([0, 1, 1]), torch.tensor([-100, 1, 5]), 2)
    assert [[0, 0], [0, 1]] == counts.tolist()


@pytest.mark.parametrize(
    ("target", "expected"),
    [(torch.tensor(1), True), (torch.tensor(1.0), False), (torch.tensor([1]), False), (torch.tensor(True), False)],
)
def test_classes_are_told_by_the_target(target, expected):
    """One whole number per example is the index of a class."""
    assert expected == has_classes(Plain([torch.zeros(1)], [target]))


def test_generators_differ_by_every_number():
    """(1, 2) and (2, 1) and (12,) are different generators."""
    drawn = {torch.randint(2**60, (), generator=generator(*numbers)).item() for numbers in ((1, 2), (2, 1), (12,))}
    assert 3 == len(drawn)


def test_confusion_is_aligned():
    """Columns stand under their names, zeros are dots."""
    lines = list(confusion_lines(torch.tensor([[10, 0], [3, 100]]), ["a", "malignant"]))
    assert [
        "true       predicted",
        "            a  malignant",
        "a          10          .",
        "malignant   3        100",
    ] == lines


def test_confusion_of_many_classes_is_what_was_confused_most():
    """A hundred classes are not a table of a hundred columns."""
    matrix = torch.eye(100, dtype=torch.int64)
    matrix[3, 5] = 7
    assert ["confused most", "  3 taken for 5: 7"] == list(confusion_lines(matrix, [str(i) for i in range(100)]))


def test_listing_everything_imports_no_torch():
    """With every part installed, list, plugins, help, completion and show --no-params import no torch."""
    source = (
        "import sys, json\nfrom flodl_cli.main import main\n"
        "codes = [main(a) for a in (['list'], ['list', '--json'], ['plugins'], ['--help'],"
        " ['show', 'conv2d', '--no-params'], ['show', 'module', 'conv2d', '--no-params', '--json'],"
        " ['completion', 'bash'])]\n"
        "print(json.dumps([codes, [m for m in ('torch', 'numpy', 'sklearn') if m in sys.modules]]))"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=120)
    assert [[0] * 7, []] == json.loads(done.stdout.splitlines()[-1])
