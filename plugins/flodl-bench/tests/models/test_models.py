"""The ten models: as large as floDl's, and the same in both forms."""

from __future__ import annotations

import pytest
import torch
from flodl_bench import MODELS
from flodl_bench.models.size import FULL, Size
from flodl_bench.models.weights import paired
from torch.nn import functional

TINY = Size(16)
PARAMETERS = {  # as counted from floDl's sources
    "mlp": 16_802_816,
    "convnet": 3_965_028,
    "gru_seq": 1_314_048,
    "transformer": 21_071_872,
    "lstm_seq": 3_809_536,
    "conv_autoenc": 5_515_395,
    "residual_tower": 14_718_976,
    "gated_routing": 2_638_856,
    "iterative_refine": 3_152_896,
    "feedback_fixed": 790_016,
}
BATCHES = {  # inputs and targets of floDl's benchmark
    "mlp": ([256, 1024], [256, 1024]),
    "convnet": ([128, 3, 64, 64], [128, 100]),
    "gru_seq": ([128, 50, 256], [128, 256]),
    "transformer": ([32, 128], [32 * 128]),
    "lstm_seq": ([128, 50, 256], [128, 256]),
    "conv_autoenc": ([64, 3, 64, 64], [64, 3, 64, 64]),
    "residual_tower": ([256, 1024], [256, 1024]),
    "gated_routing": ([256, 512], [256, 512]),
    "iterative_refine": ([256, 1024], [256, 1024]),
    "feedback_fixed": ([128, 512], [128, 512]),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("form", ["plain", "words"])
def test_they_have_as_many_parameters_as_flodls(name, form):
    """In full size, in both forms; nothing is computed."""
    with torch.device("meta"):
        model = getattr(MODELS[name], form)(FULL)
    assert PARAMETERS[name] == sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize("name", MODELS)
def test_their_batches_are_as_large_as_flodls(name):
    """In full size."""
    ((x, y),) = MODELS[name].batches(1, torch.device("meta"))
    assert BATCHES[name] == (list(x.shape), list(y.shape))


def difference(one, other):
    """The largest distance, in units of the largest number."""
    return ((one - other).abs().max() / one.abs().max().clamp_min(1e-30)).item()


@pytest.mark.parametrize("name", MODELS)
def test_both_forms_compute_the_same(name, device):
    """With the same weights: output, loss and every gradient, in float64."""
    case = MODELS[name]
    torch.manual_seed(3)
    plain = case.plain(TINY)
    torch.manual_seed(3)
    words = case.in_words(TINY).to(device).double()
    plain = plain.to(device).double()
    ((x, y),) = case.batches(1, device, TINY)
    x, y = (each if each.dtype == torch.long else each.double() for each in (x, y))
    outputs = []
    for model in (plain, words):
        outputs.append(model(x))
        loss = getattr(functional, {"mse": "mse_loss"}.get(case.loss, case.loss))(outputs[-1], y)
        loss.backward()
    assert difference(*outputs) < 1e-12
    plain_gradients = {id(p): p.grad for p in plain.parameters()}
    assert all(gradient is not None and gradient.abs().max() > 0 for gradient in plain_gradients.values())
    with torch.no_grad():
        for parameter in plain.parameters():
            parameter.copy_(plain_gradients[id(parameter)])
    pairs = list(paired(plain, words))
    scale = max(one.abs().max().item() for one, _ in pairs)
    assert max((one - other.grad).abs().max().item() for one, other in pairs) < 1e-12 * scale


def test_the_comparison_sees_another_weight():
    """A weight that moved by a thousandth is no longer the same model."""
    case = MODELS["feedback_fixed"]
    plain, words = case.plain(TINY), case.in_words(TINY)
    with torch.no_grad():
        next(words.parameters()).add_(1e-3)
    ((x, _),) = case.batches(1, torch.device("cpu"), TINY)
    assert difference(plain(x), words(x)) > 1e-6
