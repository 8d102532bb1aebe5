"""Merged, disabled, and back: the same bits as before."""

from __future__ import annotations

import pytest
import torch
from flodl_core import ComponentError, PathError
from flodl_lora import adapt, adapters, disabled, merge, unmerge
from torch import nn


@pytest.fixture
def model(device):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3)).to(device)
    net.base = [p.clone() for p in net.parameters()]
    adapt(net, "*", rank=2)
    for adapter in adapters(net).values():
        nn.init.normal_(adapter.up)
    return net


@pytest.fixture
def x(device):
    return torch.randn(5, 6, device=device)


def plain(model, x):
    one, bias, two, other = model.base
    return nn.functional.linear(nn.functional.linear(x, one, bias).relu(), two, other)


def test_merging_touches_no_weight(model, x):
    """What files and `state_dict` hold is the same, merged or not; unmerged, the outputs are the same bits."""
    state, before = {n: v.clone() for n, v in model.state_dict().items()}, model(x)
    merge(model)
    assert state.keys() == model.state_dict().keys()
    assert all(value.equal(state[name]) for name, value in model.state_dict().items())
    assert "merged" in repr(model)
    merge(model)
    unmerge(model)
    assert before.equal(model(x))


def test_merged_adapters_do_not_train(model, x):
    """What would have no effect is frozen; afterwards each trains that did before."""
    adapters(model)["0"].up.requires_grad_(False)
    merge(model)
    assert not any(p.requires_grad for p in model.parameters())
    merge(model)  # twice is once
    unmerge(model)
    assert [n for n, p in model.named_parameters() if p.requires_grad] == ["0.lora.down", "2.lora.down", "2.lora.up"]


def test_a_part_is_merged_by_path(model, x):
    """The rest stays as it is."""
    merge(model, "2")
    assert [adapter.merged for adapter in adapters(model).values()] == [False, True]
    with pytest.raises(PathError, match="'3' names no module"):
        merge(model, "3")


@pytest.mark.parametrize("merged", [False, True])
def test_disabled_is_the_base(merged, model, x):
    """Bit by bit, and afterwards all is as before, also when the block raises."""
    if merged:
        merge(model)
    before = model(x)
    with disabled(model):
        assert plain(model, x).equal(model(x))
        with disabled(model, "0"):
            assert plain(model, x).equal(model(x))
        assert plain(model, x).equal(model(x))
    assert before.equal(model(x))
    with pytest.raises(KeyError), disabled(model):
        raise KeyError
    assert before.equal(model(x))


def test_who_reads_weights_sees_the_mode(device):
    """torch's attention, which calls no projection: disabled it is the base's bits, merged it is the sum's."""
    torch.manual_seed(0)
    model = nn.TransformerEncoderLayer(8, 2, 8, dropout=0.0, batch_first=True).to(device).eval()
    x = torch.randn(2, 5, 8, device=device)
    with torch.no_grad():
        before = model(x)
        adapt(model, "self_attn", rank=2)
        for adapter in adapters(model).values():
            nn.init.normal_(adapter.up)
        after = model(x)
        merge(model)
        assert model.self_attn.in_proj_weight is adapters(model)["self_attn"].instead
        torch.testing.assert_close(model(x), after)
        with disabled(model):
            assert before.equal(model(x))
        assert not before.allclose(after)


def test_a_thawed_base_learns_while_adapters_are_disabled(model, x):
    """Gradients go to the weights themselves."""
    model[0].base.requires_grad_(True)
    with disabled(model):
        model(x).sum().backward()
    assert model[0].base.grad is not None
    assert adapters(model)["0"].up.grad is None


@pytest.mark.parametrize("inside", [False, True])
def test_loaded_values_are_never_hidden_by_an_old_sum(inside, model, x):
    """A load unmerges, the whole model's and an adapter's own; also inside a disabled block."""
    state = {name: 2 * value for name, value in model.state_dict().items()}
    merge(model)
    if inside:
        with disabled(model):
            model.load_state_dict(state)
    else:
        model.load_state_dict(state)
    assert not any(adapter.merged for adapter in adapters(model).values())
    assert adapters(model)["0"].up.requires_grad
    fresh = model(x)
    merge(model)
    torch.testing.assert_close(model(x), fresh)
    adapters(model)["2"].load_state_dict({name: 0 * v for name, v in adapters(model)["2"].state_dict().items()})
    assert [adapter.merged for adapter in adapters(model).values()] == [True, False]


def test_autocast_does_not_coarsen_a_sum(model, x):
    """Merged inside an autocast block: the same bits."""
    merge(model)
    expected = model[0].weight.clone()
    with torch.autocast(x.device.type, torch.bfloat16):
        merge(model)
    assert expected.equal(model[0].weight)


@pytest.mark.parametrize("ask", [merge, unmerge, adapters, lambda model: adapt(model, "*")])
def test_what_is_no_model_is_told(ask):
    """By its type."""
    with pytest.raises(ComponentError, match=r"a model is a torch\.nn\.Module, got a str"):
        ask("encoder")
