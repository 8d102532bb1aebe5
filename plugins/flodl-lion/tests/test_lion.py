"""Lion against its own formula in numpy, float64, written independently of the optimizer."""

from __future__ import annotations

import copy
import subprocess
import sys

import numpy as np
import pytest
import torch
from flodl_core import ComponentError, components, ref
from flodl_lion import Lion


def in_numpy(weight, gradients, *, lr, betas, weight_decay):
    """Algorithm 2 of the paper, one array, step by step."""
    momentum = np.zeros_like(weight)
    for gradient in gradients:
        direction = np.sign(betas[0] * momentum + (1 - betas[0]) * gradient)
        weight = weight - lr * (direction + weight_decay * weight)
        momentum = betas[1] * momentum + (1 - betas[1]) * gradient
    return weight


@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
@pytest.mark.parametrize("betas", [(0.9, 0.99), (0.95, 0.98), (0.0, 0.0)])
def test_the_update_is_the_papers(betas, weight_decay, device):
    """Forty steps in float64, several parameters of several shapes."""
    random = np.random.default_rng(0)
    shapes = [(3,), (4, 5), (2, 3, 2)]
    starts = [random.standard_normal(shape) for shape in shapes]
    steps = [[random.standard_normal(shape) for shape in shapes] for _ in range(40)]
    weights = [torch.nn.Parameter(torch.tensor(start, device=device)) for start in starts]
    optimizer = Lion(weights, lr=0.01, betas=betas, weight_decay=weight_decay)
    for gradients in steps:
        for weight, gradient in zip(weights, gradients, strict=True):
            weight.grad = torch.tensor(gradient, device=device)
        optimizer.step()
    for index, weight in enumerate(weights):
        expected = in_numpy(
            starts[index], [step[index] for step in steps], lr=0.01, betas=betas, weight_decay=weight_decay
        )
        np.testing.assert_allclose(weight.detach().cpu().numpy(), expected, rtol=1e-12, atol=1e-14)


def descend(optimizer, weight, steps, target=3.0):
    for _ in range(steps):
        optimizer.zero_grad()
        (weight - target).square().sum().backward()
        optimizer.step()


def test_it_finds_the_bottom_of_a_bowl(device):
    """To within a step's size."""
    weight = torch.nn.Parameter(torch.zeros(5, device=device))
    descend(Lion([weight], lr=0.01), weight, 1000)
    assert (weight - 3.0).abs().max().item() < 0.05


def test_climbing_is_descending_the_negative(device):
    """`maximize` turns the gradient round and nothing else."""
    up, down = (torch.nn.Parameter(torch.full((3,), 0.5, device=device)) for _ in range(2))
    climb, descent = Lion([up], lr=0.1, maximize=True), Lion([down], lr=0.1)
    for value in (1.0, -2.0, 0.5):
        up.grad, down.grad = torch.full_like(up, value), torch.full_like(down, -value)
        climb.step()
        descent.step()
    assert up.equal(down)


def test_state_makes_a_resumed_run_the_same(device):
    """Saved after 5 steps, gone on for 5: the same bits as 10."""
    whole = torch.nn.Parameter(torch.linspace(-1, 1, 7, device=device))
    half = copy.deepcopy(whole)
    first = Lion([half], lr=0.05, weight_decay=0.1)
    descend(Lion([whole], lr=0.05, weight_decay=0.1), whole, 10)
    descend(first, half, 5)
    second = Lion([half], lr=1.0)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    descend(second, half, 5)
    assert whole.equal(half)


def test_groups_have_options_of_their_own(device):
    """A rate of its own, and a weight decay that others do not feel."""
    fast, slow = (torch.nn.Parameter(torch.ones(2, device=device)) for _ in range(2))
    optimizer = Lion([{"params": [fast], "lr": 0.5}, {"params": [slow], "weight_decay": 1.0}], lr=0.1)
    fast.grad, slow.grad = torch.ones_like(fast), torch.ones_like(slow)
    optimizer.step()
    torch.testing.assert_close(fast.detach(), torch.full_like(fast, 0.5))
    torch.testing.assert_close(slow.detach(), torch.full_like(slow, 0.8))


def test_mixed_dtypes_move_together(device):
    """float32 and bfloat16 in one group, each keeping its own; no gradient, no move."""
    weights = [torch.nn.Parameter(torch.ones(2, device=device, dtype=d)) for d in (torch.float32, torch.bfloat16)]
    idle = torch.nn.Parameter(torch.ones(2, device=device))
    for weight in weights:
        weight.grad = torch.ones_like(weight)
    Lion([*weights, idle], lr=0.5).step()
    assert [w.dtype for w in weights] == [torch.float32, torch.bfloat16]
    assert [w.tolist() for w in [*weights, idle]] == [[0.5, 0.5], [0.5, 0.5], [1.0, 1.0]]


def test_a_closure_is_evaluated_with_gradients(device):
    """And its value comes back."""
    weight = torch.nn.Parameter(torch.ones(2, device=device))

    def closure():
        loss = weight.square().sum()
        loss.backward()
        return loss.item()

    assert Lion([weight]).step(closure) == 2.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lr": 0.0}, "lion: lr is a number > 0, got 0.0"),
        ({"lr": float("nan")}, "lion: lr is a number > 0, got nan"),
        ({"lr": float("inf")}, "lion: lr is a number > 0, got inf"),
        ({"betas": ("a", "b")}, r"lion: betas are two numbers in \[0, 1\), got \('a', 'b'\)"),
        ({"betas": (0.9, 1.0)}, r"lion: betas are two numbers in \[0, 1\), got \(0.9, 1.0\)"),
        ({"weight_decay": -0.1}, "lion: weight_decay is a number >= 0, got -0.1"),
        ({"momentum": 0.9}, "lion takes no argument 'momentum'"),
    ],
)
def test_a_wrong_option_is_named(options, message):
    """Also when the plugin is used by name."""
    with pytest.raises(ComponentError, match=message):
        components.create("optimizer", ref("lion", **options), [torch.nn.Parameter(torch.ones(1))])


def test_a_groups_options_are_checked_too():
    """Not only the defaults."""
    with pytest.raises(ComponentError, match=r"lion: betas are two numbers in .*, got 0.9"):
        Lion([{"params": [torch.nn.Parameter(torch.ones(1))], "betas": 0.9}])
    with pytest.raises(ComponentError, match="lion: lr is a number > 0, got 'fast'"):
        Lion([torch.nn.Parameter(torch.ones(1))], lr="fast")
    with pytest.raises(ComponentError, match="lion: lr is a number > 0, got -1"):
        Lion([{"params": [torch.nn.Parameter(torch.ones(1))], "lr": -1.0}])


def test_sparse_gradients_are_refused():
    """With what to use instead."""
    table = torch.nn.Embedding(3, 2, sparse=True)
    table(torch.tensor([1])).sum().backward()
    with pytest.raises(ComponentError, match=r"lion takes no sparse gradients\n  try: sparse=False"):
        Lion(table.parameters()).step()


def test_complex_numbers_are_refused():
    """They have no sign."""
    weight = torch.nn.Parameter(torch.ones(2, dtype=torch.complex64))
    weight.grad = torch.ones_like(weight)
    with pytest.raises(ComponentError, match=r"complex numbers have not\n  try: adam takes them"):
        Lion([weight]).step()


def test_it_is_found_by_name_without_importing_torch():
    """By name and by the class's own spelling, with its distribution."""
    found = components.find("optimizer", "lion")
    assert (found.qualified, components.find("optimizer", "Lion")) == ("flodl-lion/lion", found)
    assert found.load() is Lion
    code = "import sys, flodl_lion.plugin as p; list(p.flodl_optimizers()); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
