"""scikit-learn's own arrays are the oracle."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from flodl_core import ComponentError, components
from sklearn import datasets
from sklearn.preprocessing import StandardScaler
from torch.utils.data import DataLoader, TensorDataset

TABLES = {
    "breast_cancer": datasets.load_breast_cancer,
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
    "diabetes": lambda: datasets.load_diabetes(scaled=False),
}
NAMES = ["digits", *TABLES]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_makes_tensors_in_memory(name):
    """Every data set is a TensorDataset of (f32 input, target), found by its name."""
    data = components.create("dataset", name)
    inputs, targets = data.tensors
    assert isinstance(data, TensorDataset)
    assert torch.float32 == inputs.dtype
    assert len(inputs) == len(targets) == len(data)
    assert len(data.features) == inputs[0].numel()
    assert all(isinstance(feature, str) for feature in data.features)


@pytest.mark.parametrize("name", TABLES)
def test_as_measured_equals_sklearn(name):
    """With standardize=False the numbers are scikit-learn's, in float32."""
    bunch, data = TABLES[name](), components.create("dataset", name, standardize=False)
    np.testing.assert_array_equal(bunch.data.astype(np.float32), data.tensors[0].numpy())
    np.testing.assert_array_equal(bunch.target, data.tensors[1].numpy().reshape(-1))
    assert (data.mean, data.scale) == (None, None)


@pytest.mark.parametrize("name", TABLES)
def test_standardized_equals_sklearns_scaler(name):
    """The default brings each column to mean 0 and deviation 1, as StandardScaler does, and says how."""
    bunch, data = TABLES[name](), components.create("dataset", name)
    np.testing.assert_allclose(data.tensors[0].numpy(), StandardScaler().fit_transform(bunch.data), rtol=0, atol=1e-6)
    back = data.tensors[0].double() * data.scale + data.mean
    np.testing.assert_allclose(back.numpy(), bunch.data, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("name", ["digits", "breast_cancer", "iris", "wine"])
def test_classes_are_named(name):
    """A target is the place of its class's name in `classes`."""
    data = components.create("dataset", name)
    bunch = getattr(datasets, f"load_{name}")()
    assert torch.int64 == data.tensors[1].dtype
    assert (len(data),) == tuple(data.tensors[1].shape)
    assert tuple(map(str, bunch.target_names)) == data.classes
    assert set(range(len(data.classes))) == set(data.tensors[1].tolist())


def test_digits_as_rows_and_as_images():
    """flat chooses between [N, 64] and [N, 1, 8, 8]; ink is between 0 and 1 in both."""
    images = datasets.load_digits().images
    rows = components.create("dataset", "digits").tensors[0]
    pictures = components.create("dataset", "digits", flat=False).tensors[0]
    np.testing.assert_array_equal((images / 16).astype(np.float32), pictures[:, 0].numpy())
    assert torch.equal(rows, pictures.flatten(1))
    assert (rows.min().item(), rows.max().item()) == (0.0, 1.0)


def test_a_quantity_has_no_classes():
    """Diabetes is a regression: f32 [N, 1], no `classes`."""
    data = components.create("dataset", "diabetes")
    assert ((442, 1), torch.float32) == (tuple(data.tensors[1].shape), data.tensors[1].dtype)
    assert not hasattr(data, "classes")
    assert (data.target_mean, data.target_scale) == (0.0, 1.0)


def test_a_standardized_target_can_be_read_back():
    """target * target_scale + target_mean is the score."""
    data = components.create("dataset", "diabetes", standardize_target=True)
    score = data.tensors[1].double() * data.target_scale + data.target_mean
    np.testing.assert_allclose(score[:, 0].numpy(), datasets.load_diabetes().target, rtol=1e-5)


def test_a_loader_gives_batches(device):
    """A data set goes into torch's DataLoader as it is, and its batches to any device."""
    inputs, targets = next(iter(DataLoader(components.create("dataset", "iris"), batch_size=8)))
    assert (tuple(inputs.to(device).shape), tuple(targets.to(device).shape)) == ((8, 4), (8,))


@pytest.mark.parametrize("name", NAMES)
def test_two_calls_share_nothing(name):
    """Changing one data set in place leaves the next one whole."""
    first = components.create("dataset", name)
    kept = first.tensors[0].clone()
    first.tensors[0].zero_()
    assert torch.equal(kept, components.create("dataset", name).tensors[0])


def test_a_wrong_option_is_named():
    """An option that a data set does not have is a ComponentError that says so."""
    with pytest.raises(ComponentError, match="colour"):
        components.create("dataset", "digits", colour=True)


def test_listing_imports_neither_torch_nor_sklearn():
    """The names are known before anything heavy is imported."""
    code = (
        "import json, sys; from flodl_core import components;"
        "names = [c.name for c in components.list('dataset') if c.origin.distribution == 'flodl-sklearn'];"
        "heavy = [m for m in ('torch', 'sklearn', 'numpy') if m in sys.modules];"
        "print(json.dumps([names, heavy]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert [sorted(NAMES), []] == json.loads(done.stdout)
