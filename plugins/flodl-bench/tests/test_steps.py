"""One batch, as the sides that neither compile nor capture learn from it, or judge it."""

from __future__ import annotations

import pytest
import torch
from flodl_bench import MODELS, SIDES
from flodl_bench.models.size import Size
from flodl_bench.steps import make_judgement, make_step

TINY = Size(16)
PLAIN = ["eager", "fused", "flodl"]


def made(make, name, side, device):
    """A side's step, its model and a batch; with the same weights and data for each side."""
    model = MODELS[name]
    torch.manual_seed(0)
    network = (model.in_words(TINY) if SIDES[side].flodl else model.plain(TINY)).to(device)
    torch.manual_seed(1)
    (batch,) = model.batches(1, device, TINY)
    return make(network, model, SIDES[side]), network, batch


@pytest.mark.parametrize("name", ["mlp", "transformer", "conv_autoenc"])
def test_the_sides_learn_the_same(name, device):
    """Losses before and after two updates agree, with both of Adam's kernels."""
    losses = []
    for side in PLAIN:
        step, _, batch = made(make_step, name, side, device)
        losses.append([step(*batch).item() for _ in range(3)])
    assert losses[0][0] > losses[0][2]
    for other in losses[1:]:
        assert losses[0] == pytest.approx(other, rel=1e-4)


@pytest.mark.parametrize("side", PLAIN)
def test_a_judgement_changes_nothing(side, device):
    """Neither a weight, nor a statistic of a normalization; no gradients are kept."""
    judge, network, batch = made(make_judgement, "convnet", side, device)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    first, second = judge(*batch), judge(*batch)
    assert (first.item(), False) == (second.item(), first.requires_grad)
    assert all(value.equal(before[name]) for name, value in network.state_dict().items())
