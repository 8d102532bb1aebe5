"""What an adapted layer computes: the layer with the weight `W + (alpha / rank) up @ down`, spelled out in float64."""

from __future__ import annotations

import copy

import pytest
import torch
from flodl_lora import LoraLinear, adapt, adapters, merge
from torch import nn
from torch.func import functional_call

LAYERS = {
    "linear": (lambda: nn.Linear(6, 5), (4, 6)),
    "linear, no bias, many dimensions": (lambda: nn.Linear(6, 5, bias=False), (2, 3, 6)),
    "conv1d": (lambda: nn.Conv1d(4, 6, 3, stride=2, padding=1), (2, 4, 9)),
    "conv2d": (lambda: nn.Conv2d(4, 6, (3, 2), dilation=2), (2, 4, 9, 8)),
    "conv2d, groups": (lambda: nn.Conv2d(4, 6, 3, groups=2, bias=False), (2, 4, 5, 5)),
    "conv2d, one image": (lambda: nn.Conv2d(4, 6, 3), (4, 5, 5)),
    "conv2d, reflected": (lambda: nn.Conv2d(4, 6, 3, padding="same", padding_mode="reflect"), (2, 4, 5, 5)),
    "conv3d": (lambda: nn.Conv3d(2, 4, 2, padding=1), (2, 2, 3, 3, 3)),
    "embedding": (lambda: nn.Embedding(10, 5), None),
    "embedding, padded": (lambda: nn.Embedding(10, 5, padding_idx=2), None),
}


def drawn(model):
    """Adapters that do something."""
    for adapter in adapters(model).values():
        nn.init.normal_(adapter.up)
    return model


def update(adapter, alpha, rank):
    """The formula, block by block."""
    pairs = zip(adapter.up.chunk(adapter.blocks), adapter.down.chunk(adapter.blocks), strict=True)
    products = [alpha / rank * up @ down.flatten(1) for up, down in pairs]
    return torch.cat(products)


@pytest.mark.parametrize("name", LAYERS)
def test_outputs_and_gradients_are_the_formulas(name, device):
    """In float64, by the input and by both factors."""
    make, shape = LAYERS[name]
    torch.manual_seed(0)
    plain = make().to(device, torch.float64)
    model = nn.Sequential(copy.deepcopy(plain))
    adapt(model, "*", rank=2, alpha=3.0)
    drawn(model)
    x = torch.randint(10, (4, 3), device=device) if shape is None else torch.randn(shape, device=device).double()
    x = x.requires_grad_(shape is not None)
    adapter = adapters(model)["0"]
    weight = plain.weight.detach() + update(adapter, 3.0, 2).view_as(plain.weight)
    expected, actual = functional_call(plain, {"weight": weight}, (x,)), model(x)
    torch.testing.assert_close(actual, expected, rtol=1e-10, atol=1e-12)
    ends = torch.randn_like(expected)
    moved = [adapter.down, adapter.up, *([x] if shape else [])]
    ours, theirs = (torch.autograd.grad(value, moved, ends) for value in (actual, expected))
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", LAYERS)
def test_at_the_start_nothing_has_changed(name, device):
    """The same bits, in float32 and bfloat16, before the first step."""
    make, shape = LAYERS[name]
    for dtype in (torch.float32, torch.bfloat16):
        model = nn.Sequential(make()).to(device, dtype)
        x = torch.randint(10, (4, 3), device=device) if shape is None else torch.randn(shape, device=device).to(dtype)
        before = model(x)
        adapt(model, "*", rank=2)
        assert before.equal(model(x))


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-5), (torch.bfloat16, 0.06)]
)
def test_merged_is_adapted_up_to_rounding(name, dtype, tolerance, device):
    """And the update has the rank that was asked for, at most."""
    make, shape = LAYERS[name]
    torch.manual_seed(1)
    model = nn.Sequential(make()).to(device, dtype)
    before = model[0].weight.detach().clone()
    adapt(model, "*", rank=2, alpha=1.0)
    drawn(model)
    x = torch.randint(10, (4, 3), device=device) if shape is None else torch.randn(shape, device=device).to(dtype)
    expected = model(x)
    merge(model)
    torch.testing.assert_close(model(x), expected, rtol=tolerance, atol=tolerance)
    if dtype is torch.float64:
        assert torch.linalg.matrix_rank((model[0].weight - before).flatten(1), rtol=1e-9) == 2


def test_dropout_reaches_the_adapter_alone(device):
    """In training the adapter's input is dropped, the base's is not; in evaluation neither."""
    torch.manual_seed(0)
    model = drawn(LoraLinear(50, 20, rank=4, dropout=0.5).to(device))
    x = torch.randn(8, 50, device=device)
    torch.manual_seed(2)
    actual = model(x)
    torch.manual_seed(2)
    dropped = nn.functional.dropout(x, 0.5)
    torch.testing.assert_close(actual, nn.functional.linear(x, model.base, model.bias) + dropped @ model.lora.delta().T)
    model.eval()
    torch.testing.assert_close(model(x), nn.functional.linear(x, model.weight, model.bias))
    late = nn.Sequential(nn.Linear(50, 20)).to(device).eval()
    adapt(late, "*", rank=4, dropout=0.5)
    drawn(late)
    assert late(x).equal(late(x))


@pytest.mark.parametrize("fast", [False, True])
def test_torchs_attention_sees_the_update(fast, device):
    """Queries, keys, values and the output have updates of rank r each; torch's fast path has them too."""
    torch.manual_seed(0)
    plain = nn.TransformerEncoderLayer(16, 4, 32, dropout=0.0, batch_first=True).to(device).double().train(not fast)
    model = copy.deepcopy(plain)
    adapt(model, "*", rank=2, alpha=2.0)
    drawn(model)
    x = torch.randn(2, 5, 16, device=device).double()
    found = adapters(model)
    assert set(found) == {"self_attn", "self_attn.out_proj", "linear1", "linear2"}
    for path, adapter in found.items():
        layer = plain.get_submodule(path)
        weight = layer.in_proj_weight if path == "self_attn" else layer.weight
        weight.data += update(adapter, 2.0, 2).detach()
        ranks = [torch.linalg.matrix_rank(part, rtol=1e-9).item() for part in adapter.delta().chunk(adapter.blocks)]
        assert [2] * adapter.blocks == ranks
    with torch.set_grad_enabled(not fast):
        torch.testing.assert_close(model(x), plain(x), rtol=1e-10, atol=1e-12)
        merge(model)
        torch.testing.assert_close(model(x), plain(x), rtol=1e-10, atol=1e-12)


def test_everybody_sees_the_weight_that_is_worked_with(device):
    """`layer.weight` is the sum, with gradients; `layer.base` and the parameter stay what they were."""
    model = drawn(LoraLinear(4, 3, rank=1).to(device))
    assert not model.base.equal(model.weight)
    model.weight.sum().backward()
    assert model.lora.up.grad is not None
    assert dict(model.named_parameters())["weight"] is model.base
