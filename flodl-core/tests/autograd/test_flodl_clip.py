"""floDl's clipping: what it returned, and what became of the gradients."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from flodl_core.autograd import clip_grad_norm, clip_grad_value
from torch import nn

RECORDED = json.loads((Path(__file__).parent / "flodl_clip.json").read_text())["clip"]
CALLS = {"clip_grad_norm": clip_grad_norm, "clip_grad_value": clip_grad_value}


@pytest.mark.parametrize("name", [name for name in RECORDED if name != "grads_before"])
def test_clipping_is_flodls(name, device):
    """By norm and by value, beyond the bound, at it and below it."""
    kind, _, bound = name.partition(" ")
    parameters = [nn.Parameter(torch.zeros(len(values), device=device)) for values in RECORDED["grads_before"]]
    for parameter, values in zip(parameters, RECORDED["grads_before"], strict=True):
        parameter.grad = torch.tensor(values, device=device)
    returned = CALLS[kind](parameters, float(bound))
    assert pytest.approx(RECORDED[name]["returned"], rel=1e-6) == returned.item()
    for parameter, values in zip(parameters, RECORDED[name]["grads"], strict=True):
        torch.testing.assert_close(parameter.grad.cpu(), torch.tensor(values), rtol=1e-6, atol=0)
