"""The command with everything installed: a stranger's fault found, a device that is not there."""

from __future__ import annotations

import pytest
import torch
from flodl_core.testing import fake_distribution, plugin_source

MODULE = """
import torch
from torch import nn

class Straight(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x): return x.round()
    @staticmethod
    def backward(ctx, gradient): return gradient

class Quantized(nn.Module):
    def forward(self, x): return Straight.apply(x)
"""


def test_a_strangers_wrong_gradient_is_named(run_python, tmp_path):
    """With component, check, place, and how to see it alone; in a flow it runs all the same."""
    spec = 'ModuleSpec(name="{}", target="acme_code:Quantized", summary="S.", example=Example(inputs=("f32[2,4]",)))'
    plugin = plugin_source("flodl_modules", spec.format("quantized"), spec.format("again"))
    files = {"acme_plugin.py": plugin, "acme_code.py": MODULE}
    acme = fake_distribution(tmp_path / "site", "acme", entry_points={"acme": "acme_plugin"}, files=files)
    done = run_python("-m", "flodl_cli", "exercise", "module", "*a*", "--plugin", "acme", path=acme.folder)
    assert 1 == done.returncode, done.stderr
    assert "FAILED module acme/quantized, check 'gradients': input 0[0, 0]: gradient" in done.stdout
    assert "  alone: flodl exercise module acme/quantized" in done.stdout
    assert "2 components, 30 checks on cpu in" in done.stdout
    assert "26 passed, 4 failed" in done.stdout


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there_is_said_in_three_lines(run_python):
    """Before anything runs."""
    done = run_python("-m", "flodl_cli", "exercise", "loss", "mse", "--device", "cuda")
    lines = done.stderr.splitlines()
    assert (2, "", 3) == (done.returncode, done.stdout, len(lines))
    assert lines[0].startswith("TensorError: device 'cuda' is not there: ")
    assert ["  at: flodl exercise", "  try: leave --device out: the CPU proves nearly all"] == lines[1:]
