"""floDl's losses and their gradients, by our names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from flodl_core import components, ref

RECORDED = json.loads((Path(__file__).parents[1] / "fixtures" / "flodl_losses.json").read_text())["losses"]

OURS = {
    "mse_loss": ref("mse"),
    "l1_loss": ref("l1"),
    "smooth_l1_loss beta=1": ref("smooth_l1", beta=1.0),
    "smooth_l1_loss beta=0.5": ref("smooth_l1", beta=0.5),
    "cross_entropy_loss indices": ref("cross_entropy"),
    "cross_entropy_loss soft": ref("cross_entropy"),
    "cross_entropy_loss ignore_index": ref("cross_entropy"),
    "focal_loss alpha=0.25 gamma=2": ref("focal", 0.25, 2.0),
    "focal_loss alpha=1 gamma=0": ref("focal", 1.0, 0.0),
    "bce_loss": ref("bce"),
    "bce_loss at 0 and 1 (log clamped to -100)": ref("bce_loss"),
    "bce_with_logits_loss": ref("bce_with_logits_loss"),
    "nll_loss": ref("nll"),
    "kl_div_loss (batchmean, a zero in the target)": ref("kl_div"),
    "triplet_margin_loss margin=1": ref("triplet_margin", margin=1.0, eps=0.0),
    "cosine_embedding_loss margin=0.1": ref("cosine_embedding", margin=0.1),
    "hinge_embedding_loss margin=1": ref("hinge_embedding", margin=1.0),
    "margin_ranking_loss margin=0.5": ref("margin_ranking", margin=0.5),
    "poisson_nll_loss log_input=true": ref("poisson_nll", log_input=True),
    "poisson_nll_loss log_input=false": ref("poisson_nll", log_input=False),
    "ctc_loss blank=0 (log_softmax of raw)": ref("ctc", blank=0),
}


def tensor(entry, device):
    dtype = {"f32": torch.float32, "i64": torch.int64}[entry["dtype"]]
    return torch.tensor(entry["data"], dtype=dtype, device=device).reshape(entry["shape"])


def test_every_recorded_loss_is_compared():
    """The table above leaves none of floDl's out."""
    assert set(RECORDED) == set(OURS)


@pytest.mark.parametrize("name", OURS)
def test_values_and_gradients_are_flodls(name, device):
    """Within float32."""
    recorded = RECORDED[name]
    given = {key: tensor(value, device) for key, value in recorded.items() if isinstance(value, dict)}
    inputs = [value for key, value in given.items() if not key.startswith("grad_")]
    wanted = {key.removeprefix("grad_"): value for key, value in given.items() if key.startswith("grad_")}
    leaves = {key: given[key].requires_grad_() for key in wanted}
    if name.startswith("ctc"):
        inputs[0] = inputs[0].log_softmax(-1)
    loss = components.create("loss", OURS[name])(*inputs)
    assert loss.item() == pytest.approx(recorded["loss"], rel=2e-6)
    loss.backward()
    for key, gradient in wanted.items():
        if name.startswith("margin_ranking"):  # pair 1 lies on the kink, where any slope between the sides is right
            leaves[key].grad[1], gradient[1] = 0.0, 0.0
        torch.testing.assert_close(leaves[key].grad, gradient, rtol=2e-5, atol=2e-6)
