"""What a mixture computes, against the dense one in float64: values, gradients, and who was asked."""

from __future__ import annotations

import copy

import pytest
import torch
from flodl_core import ShapeError
from flodl_moe import SparseMixture
from moe_oracle import dense, with_places
from torch import nn

D, E = 6, 5


def mixture(device, top_k=2, capacity=None, *, noisy=False, out=D, dtype=torch.float64):
    torch.manual_seed(0)
    experts = [nn.Sequential(nn.Linear(D, 7), nn.GELU(), nn.Linear(7, out)) for _ in range(E)]
    return SparseMixture(experts, D, top_k, capacity, noisy=noisy).to(device, dtype)


def tokens(*shape, device, dtype=torch.float64, seed=1):
    return torch.randn(*shape, D, dtype=dtype, generator=torch.Generator().manual_seed(seed)).to(device)


@pytest.mark.parametrize("places", ["counted", "enough"])
@pytest.mark.parametrize("top_k", [1, 2, 3, E])
@pytest.mark.parametrize("shape", [(40,), (8, 5), (2, 3, 4), (1,)])
def test_values_and_gradients_are_the_dense_mixtures(shape, top_k, places, device):
    """By the tokens, the router and every expert; an expert without tokens has none, where the dense one has zeros."""
    sparse = mixture(device, top_k, None if places == "counted" else E / top_k)
    x = tokens(*shape, device=device).requires_grad_()
    expected, actual = dense(sparse, x), sparse(x)
    torch.testing.assert_close(actual, expected, rtol=1e-10, atol=1e-12)
    ends = torch.randn_like(expected)
    moved = [x, *sparse.parameters()]
    theirs = torch.autograd.grad(expected, moved, ends)
    ours = torch.autograd.grad(actual, moved, ends, allow_unused=True, materialize_grads=True)
    torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("capacity", [0.2, 0.5, 1.0, 1.1, 1.25])
@pytest.mark.parametrize("top_k", [1, 2])
def test_places_are_given_to_first_choices_in_order(top_k, capacity, device):
    """What finds none gets nothing from that expert; gradients are those of the tokens that found one."""
    sparse = mixture(device, top_k, capacity)
    x = tokens(30, device=device).requires_grad_()
    places = {0.2: [2, 3], 0.5: [3, 6], 1.0: [6, 12], 1.1: [7, 14], 1.25: [8, 15]}[capacity][top_k - 1]
    expected, arrived = with_places(sparse, x, places)
    actual, dropped = sparse(x, wanted=("dropped",))
    torch.testing.assert_close(actual, expected, rtol=1e-10, atol=1e-12)
    assert dropped.item() == pytest.approx(1 - arrived.double().mean().item())
    assert capacity > 0.5 or dropped > 0
    ends = torch.randn_like(expected)
    moved = [x, *sparse.parameters()]
    options = {"allow_unused": True, "materialize_grads": True}
    ours, theirs = (torch.autograd.grad(value, moved, ends, **options) for value in (actual, expected))
    torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-11)


def calls_of(sparse):
    seen = {}
    for number, expert in enumerate(sparse.experts):
        expert.register_forward_pre_hook(lambda _, given, e=number: seen.setdefault(e, []).append(given[0].detach()))
    return seen


def test_an_expert_sees_its_own_tokens_and_no_other(device):
    """Once each, in one call; one that nobody chose is not called, and has no gradient."""
    sparse = mixture(device)
    x = tokens(40, device=device).abs()
    with torch.no_grad():  # nobody wants the last one
        sparse.router.linear.weight[-1] = -100.0
    seen = calls_of(sparse)
    made, index = sparse(x, wanted=("index",))
    counts = index.flatten().bincount(minlength=E).tolist()
    assert counts[-1] == 0
    assert {e: [n] for e, n in enumerate(counts) if n} == {e: [len(g) for g in given] for e, given in seen.items()}
    for e, (given,) in seen.items():
        mine = x[(index == e).any(-1)]
        assert sorted(given.tolist()) == sorted(mine.tolist())
    made.sum().backward()
    for e, expert in enumerate(sparse.experts):
        assert all((p.grad is None) == (counts[e] == 0) for p in expert.parameters())


def test_with_a_capacity_every_expert_is_called_with_as_many(device):
    """Whatever the router says: shapes do not depend on data."""
    sparse = mixture(device, 2, 1.25)
    for seed in range(3):
        seen = calls_of(sparse)
        sparse(tokens(32, device=device, seed=seed))
        assert [(16, D)] * E == [tuple(given[0].shape) for given in seen.values()]
    generous = mixture(device, 2, 100.0)
    seen = calls_of(generous)
    generous(tokens(7, device=device))
    assert [(7, D)] * E == [tuple(given[0].shape) for given in seen.values()]  # nobody has a token twice


@pytest.mark.parametrize("capacity", [None, 1.0])
@pytest.mark.parametrize("shape", [(0,), (3, 0), (1,), ()])
def test_few_tokens_or_none(shape, capacity, device):
    """The shape is the usual one, and numbers that say how even it is are finite."""
    sparse = mixture(device, capacity=capacity, out=3)
    outputs = sparse(tokens(*shape, device=device), wanted=("balance_loss", "z_loss", "load", "dropped"))
    assert outputs[0].shape == (*shape, 3)
    assert all(value.isfinite().all() for value in outputs)


@pytest.mark.parametrize("capacity", [None, 1.25])
def test_outputs_may_have_any_shape(capacity, device):
    """Of a token, what experts give: also a matrix."""
    torch.manual_seed(0)
    experts = [nn.Sequential(nn.Linear(D, 12), nn.Unflatten(1, (3, 4))) for _ in range(3)]
    sparse = SparseMixture(experts, D, 2, capacity=None if capacity is None else 1.5).to(device).double()
    x = tokens(4, 2, device=device)
    assert sparse(x).shape == (4, 2, 3, 4)
    torch.testing.assert_close(sparse(x), dense(sparse, x), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("capacity", [None, 1.25])
def test_further_outputs_are_made_when_asked(capacity, device):
    """In the order that they are asked for; weights and index have the tokens' shape."""
    sparse = mixture(device, 2, capacity)
    x = tokens(4, 5, device=device)
    made, index, load, weights = sparse(x, wanted=("index", "load", "weights"))
    assert made.equal(sparse(x))
    assert (index.shape, weights.shape, index.dtype) == ((4, 5, 2), (4, 5, 2), torch.int64)
    torch.testing.assert_close(load, index.flatten().bincount(minlength=E) / index.numel())
    torch.testing.assert_close(weights.sum(-1), torch.ones_like(weights[..., 0]))
    assert (weights[..., 0] >= weights[..., 1]).all()


def test_references_speak_to_the_router(device):
    """They are added to the tokens that it sees, not to those that experts see."""
    sparse = mixture(device)
    x, context = tokens(9, device=device), tokens(9, device=device, seed=2)
    expected = dense(sparse, x, logits=(x + context) @ sparse.router.linear.weight.T)
    torch.testing.assert_close(sparse(x, context=context), expected, rtol=1e-10, atol=1e-12)


def test_noise_is_for_training(device):
    """Gaussian, of a learned size, log 2 at first; in evaluation there is none."""
    sparse = mixture(device, noisy=True)
    x = tokens(9, device=device)
    router = sparse.router
    assert router.noise.weight.eq(0).all()
    with torch.no_grad():
        router.noise.weight.normal_()
    torch.manual_seed(3)
    noisy = router(x)
    torch.manual_seed(3)
    plain = x @ router.linear.weight.T
    expected = plain + torch.randn_like(plain) * torch.log1p(torch.exp(x @ router.noise.weight.T))
    torch.testing.assert_close(noisy, expected, rtol=1e-10, atol=1e-12)
    sparse(x).sum().backward()
    assert router.noise.weight.grad.any()
    sparse.eval()
    torch.testing.assert_close(sparse(x), dense(sparse, x), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("capacity", [None, 1.25])
def test_every_run_gives_the_same_bits(capacity, device):
    """Outputs and gradients: sums have one order."""
    sparse, seen = mixture(device, 3, capacity, dtype=torch.float32), []
    for _ in range(2):
        x = tokens(50, device=device, dtype=torch.float32).requires_grad_()
        made = copy.deepcopy(sparse)(x)
        made.square().sum().backward()
        seen.append((made.detach(), x.grad))
    assert all(one.equal(two) for one, two in zip(*seen, strict=True))


@pytest.mark.parametrize("capacity", [None, 1.25])
def test_half_precision_stays_half(capacity, device):
    """Outputs have the tokens' type, as does a mixture that was moved to it; autocast works too."""
    x = tokens(8, device=device, dtype=torch.bfloat16)
    assert mixture(device, 2, capacity, dtype=torch.bfloat16)(x).dtype is torch.bfloat16
    with torch.autocast(device.type, torch.bfloat16):
        made, balance = mixture(device, 2, capacity, dtype=torch.float32)(x.float(), wanted=("balance_loss",))
    assert made.isfinite().all()
    assert balance.isfinite()


def test_a_capacity_compiles_whole(device):
    """No break in the graph; counting breaks it, and computes the same."""
    torch.compiler.reset()
    x = tokens(16, device=device, dtype=torch.float32)
    for capacity, whole in ((1.25, True), (None, False)):
        sparse = mixture(device, 2, capacity, dtype=torch.float32)
        compiled = torch.compile(sparse, backend="aot_eager", fullgraph=whole)
        torch.testing.assert_close(compiled(x), sparse(x))
    torch.compiler.reset()


@pytest.mark.parametrize("capacity", [None, 1.5])
def test_experts_of_unlike_sizes_are_told(capacity, device):
    """They cannot be summed; the sizes are named."""
    mixed = SparseMixture([nn.Linear(D, 3), nn.Linear(D, D)], D, 2, capacity).to(device, torch.float64)
    with pytest.raises(ShapeError) as caught:
        mixed(tokens(8, device=device))
    assert "experts give tokens of unlike shapes: [3], [6]" == caught.value.what
    assert "let all end in one size" == caught.value.mend
