"""Sparse gradients of embeddings: plain PyTorch's updates, or an error that names the layer."""

from __future__ import annotations

import pytest
import torch
from capturing import replays
from flodl_core import TrainingError, ref
from flodl_nn import TrainStep
from torch import nn
from torch.nn import functional as F

pytestmark = pytest.mark.filterwarnings("ignore:Sparse invariant checks")  # torch's Adagrad, once per process

CLASSES = {
    "sgd": lambda params: torch.optim.SGD(params, lr=0.1, momentum=0.9),
    "adagrad": lambda params: torch.optim.Adagrad(params, lr=0.1),
    "sparseadam": lambda params: torch.optim.SparseAdam(params, lr=0.1),
}
NAMED = {
    "adagrad": ref("adagrad", lr=0.1),
    "sgd": ref("sgd", lr=0.1, momentum=0.9),
    "sparseadam": ref("sparseadam", lr=0.1),
}


def embedded(device):
    torch.manual_seed(0)
    return nn.Sequential(nn.Embedding(9, 4, sparse=True)).to(device)


def squares(model, x):
    return model(x).square().mean()


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("accumulate", [1, 2])
def test_updates_are_those_of_plain_pytorch(name, accumulate, device):
    """An optimizer by name leaves the fused kernels where they would refuse."""
    model, other = embedded(device), embedded(device)
    step = TrainStep(model, objective=squares, optimizer=NAMED[name], accumulate=accumulate)
    optimizer = CLASSES[name](other.parameters())
    for index in range(4 * accumulate):
        x = torch.tensor([index % 3, 4, 4], device=device)
        torch.testing.assert_close(step(x), squares(other, x).detach())
        (squares(other, x) / accumulate).backward()
        if index % accumulate == accumulate - 1:
            optimizer.step()
            optimizer.zero_grad()
    torch.testing.assert_close(list(model.parameters()), list(other.parameters()))


@pytest.mark.parametrize(
    ("optimizer", "clip_norm", "what"),
    [
        ("adam", None, "Adam"),
        (ref("sgd", fused=True), None, "SGD"),
        ("sgd", 1.0, "clip_norm"),
        ("rmsprop", None, "RMSprop"),
    ],
)
def test_what_takes_dense_gradients_says_whose_is_sparse(optimizer, clip_norm, what, device):
    """Instead of what torch says; and the step can be used on."""
    step = TrainStep(embedded(device), objective=squares, optimizer=optimizer, clip_norm=clip_norm)
    x = torch.tensor([1, 2], device=device)
    said = f"the gradient of '0.weight' is sparse, and {what} takes dense ones\n  try: sparse=False in its layer"
    with pytest.raises(TrainingError, match=said):
        step(x)
    step.model[0].sparse = False
    step(x)
    assert step.steps == 1


def test_a_sparse_function_is_told_too(device):
    """No layer of the model says so beforehand."""
    weight = nn.Parameter(torch.randn(9, 4, device=device))
    model = nn.ParameterList([weight])
    step = TrainStep(model, objective=lambda m, x: F.embedding(x, m[0], sparse=True).sum(), optimizer="sgd")
    with pytest.raises(TrainingError, match="the gradient of '0' is sparse, and SGD takes dense ones"):
        step(torch.tensor([1], device=device))


def test_other_errors_of_an_optimizer_stay_its_own(device):
    """Nothing is sparse here."""

    class Failing(torch.optim.SGD):
        def step(self, closure=None):
            raise RuntimeError("on purpose")

    model = nn.Linear(2, 1).to(device)
    step = TrainStep(model, loss="mse", optimizer=Failing(model.parameters(), lr=0.1))
    with pytest.raises(RuntimeError, match="on purpose"):
        step(torch.ones(1, 2, device=device), torch.ones(1, 1, device=device))


def test_a_sparse_layer_is_not_recorded(recording):
    """Its gradient is in other memory at each step; the report names the layer. Frozen, it has none."""
    model = nn.Sequential(nn.Embedding(9, 4, sparse=True), nn.Linear(4, 4)).to(recording)
    step = TrainStep(model, objective=squares, optimizer="sgd")
    x = torch.tensor([1, 2], device=recording)
    for _ in range(4):
        step(x)
    assert "the gradient of '0' is sparse, in other memory at each step" == step.report().reason
    model[0].requires_grad_(False)
    for _ in range(4):
        step(x)
    assert step.report().reason is None or "is sparse" not in step.report().reason
    assert replays(step) == 3
