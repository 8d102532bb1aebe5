"""`[train] precision` and `compile`: what a file asks for reaches the step."""

from __future__ import annotations

import pytest
import torch
from flodl_cli.experiment.load import load_experiment
from flodl_cli.training.loop import train
from flodl_cli.training.prepare import prepare
from torch import nn


@pytest.mark.parametrize(("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_precision_and_compile(precision, dtype, small, tmp_path, monkeypatch):
    """torch compiles the objective, and the forward's numbers are of the type that was asked for."""
    compiled, seen = [], set()
    monkeypatch.setattr(torch, "compile", lambda function, **options: compiled.append(function) or function)
    monkeypatch.chdir(tmp_path)
    asked = f'epochs = 1\nprecision = "{precision}"\ncompile = true'
    (tmp_path / "exp.toml").write_text(small.replace("epochs = 3", asked))
    run = prepare(*load_experiment("exp.toml"))
    linear = next(part for part in run.step.model.modules() if isinstance(part, nn.Linear))
    linear.register_forward_hook(lambda module, inputs, output: seen.add(output.dtype))
    train(run)
    assert 1 == len(compiled)
    assert {dtype} == seen
