"""What floDl draws: torch's generator gives the same numbers, initializers the same distributions."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
from flodl_core import components, ref
from flodl_core.tensor import seed_everything

RECORDED = json.loads((Path(__file__).parent / "fixtures" / "flodl_random.json").read_text())

OURS = {
    "kaiming_uniform([64,32], fan_in 32, a sqrt5)": (ref("kaiming_uniform", a=math.sqrt(5)), (64, 32)),
    "kaiming_uniform([64,32], fan_in 32, a 0)": (ref("kaiming_uniform"), (64, 32)),
    "kaiming_normal([64,32], fan_in 32, a 0)": (ref("kaiming_normal"), (64, 32)),
    "xavier_uniform([64,32], 32, 64)": (ref("xavier_uniform"), (64, 32)),
    "xavier_normal([64,32], 32, 64)": (ref("xavier_normal"), (64, 32)),
    "uniform_bias(fan_in 32, [2048])": (ref("uniform_bias", 32), (2048,)),
}
CLAMPED = "trunc_normal([64,32], 0, 1, -0.5, 0.5)"
SQUARE = "orthogonal([6,4]): Q^T Q"


def test_every_recorded_initializer_is_compared():
    """The table above leaves none of floDl's out; two have tests of their own."""
    assert {*OURS, CLAMPED, SQUARE} == set(RECORDED["init"])


@pytest.mark.parametrize("name", OURS)
def test_an_initializer_has_flodls_distribution(name, device):
    """Mean and spread to what 2048 numbers can tell, ends where it has some."""
    reference, shape = OURS[name]
    torch.manual_seed(0)
    values = components.create("initializer", reference)(torch.empty(shape, device=device))
    theirs = RECORDED["init"][name]
    assert pytest.approx(theirs["std"], rel=0.06) == values.std().item()
    assert abs(values.mean().item() - theirs["mean"]) < 0.1 * theirs["std"]
    if "uniform" in name:
        assert pytest.approx(theirs["max"], rel=0.02) == values.max().item()
        assert pytest.approx(theirs["min"], rel=0.02) == values.min().item()


def test_a_truncated_normal_is_truncated_and_not_clamped(device):
    """floDl clamps, so that a third of its numbers lies at each border (its weak spot 41)."""
    torch.manual_seed(0)
    values = components.create("initializer", ref("trunc_normal", low=-0.5, high=0.5))(
        torch.empty(64, 32, device=device)
    )
    assert RECORDED["init"][CLAMPED]["std"] > 0.4
    assert pytest.approx(1 / math.sqrt(12), rel=0.05) == values.std().item()  # within half a sigma nearly uniform
    assert (values.abs() < 0.5).float().mean().item() > 0.99


def test_an_orthogonal_matrix_is_orthogonal(device):
    """The product is the identity, more exactly than floDl's Gram-Schmidt."""
    q = components.create("initializer", "orthogonal")(torch.empty(6, 4, device=device))
    error = (q.T @ q - torch.eye(4, device=device)).abs().max().item()
    theirs = torch.tensor(RECORDED["init"][SQUARE]["data"]).reshape(4, 4) - torch.eye(4)
    assert error <= theirs.abs().max().item()


@pytest.mark.parametrize("draw", [torch.rand, torch.randn])
def test_the_same_seed_draws_the_same(draw):
    """On the CPU: libtorch's generator is torch's."""
    recorded = RECORDED[f"torch.manual_seed(42) {draw.__name__}(4)"]
    seed_everything(42)
    torch.testing.assert_close(draw(4), torch.tensor(recorded["data"]))
