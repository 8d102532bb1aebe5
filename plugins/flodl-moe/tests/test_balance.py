"""Numbers that say how evenly experts are used: the papers' formulas in numpy, their extremes, what they push."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from flodl_moe import SparseMixture, balance_loss, z_loss
from torch import nn


@pytest.mark.parametrize("top_k", [1, 2, 4])
def test_the_balance_loss_is_the_papers(top_k, device):
    """`E sum_e f_e P_e`, and 1 is its value where both are even."""
    logits = torch.randn(3, 7, 4, dtype=torch.float64, device=device)
    index = logits.topk(top_k).indices
    numbers, chosen = logits.cpu().numpy().reshape(21, 4), index.cpu().numpy().reshape(21, top_k)
    probability = np.exp(numbers) / np.exp(numbers).sum(1, keepdims=True)
    share = np.array([(chosen == e).sum() for e in range(4)]) / chosen.size
    assert balance_loss(logits, index).item() == pytest.approx(4 * (share * probability.mean(0)).sum())


def test_its_extremes():
    """1 when all are used alike, the number of experts when one does it all."""
    even = torch.eye(4).repeat(3, 1) * 20
    assert balance_loss(even, even.topk(1).indices).item() == pytest.approx(1.0)
    alone = torch.tensor([[20.0, 0, 0, 0]]).repeat(12, 1)
    assert balance_loss(alone, alone.topk(1).indices).item() == pytest.approx(4.0)


def test_the_z_loss_is_the_papers(device):
    """The mean square of log sum exp, over all tokens."""
    logits = torch.randn(3, 7, 4, dtype=torch.float64, device=device)
    expected = np.square(np.log(np.exp(logits.cpu().numpy()).sum(-1))).mean()
    assert z_loss(logits).item() == pytest.approx(expected)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_counts_all_tokens(dtype, device):
    """70,000 tokens, whose squares sum up beyond what float16 holds: added up in float32."""
    logits = (100 * torch.randn(70_000, 4, device=device)).to(dtype)
    index = logits.topk(1).indices
    torch.testing.assert_close(z_loss(logits).double(), z_loss(logits.double()), rtol=1e-4, atol=0)
    torch.testing.assert_close(
        balance_loss(logits, index).double(), balance_loss(logits.double(), index), rtol=1e-4, atol=0
    )


def test_descending_it_spreads_tokens(device):
    """A router that sends everything to one expert learns to use them all."""
    torch.manual_seed(0)
    sparse = SparseMixture([nn.Linear(6, 6) for _ in range(4)], 6, 1).to(device)
    x = torch.randn(256, 6, device=device) + 1.0
    with torch.no_grad():
        sparse.router.linear.weight[0] += 1.0
    optimizer = torch.optim.Adam(sparse.parameters(), lr=0.05)
    _, before = sparse(x, wanted=("load",))
    for _ in range(100):
        optimizer.zero_grad()
        sparse(x, wanted=("balance_loss",))[1].backward()
        optimizer.step()
    _, after = sparse(x, wanted=("load",))
    assert before.max() > 0.9
    assert after.max() < 0.35
