"""`[loss] add`: tagged values that join the loss of an experiment."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

MIXTURE = """[[model.flow]]
moe = ["gelu", { use = "linear", args = [16, 16] }]
dim = 16
"""


def adding(small, what):
    return small.replace('use = "cross_entropy"', f'use = "cross_entropy"\nadd = {what}').replace(
        'through = "relu"', 'through = "relu"\ntag = "hidden"'
    )


def test_means_of_tags_join_the_loss(small, run_of):
    """The sum is that of plain PyTorch, and reaches the weights through both."""
    run = run_of(adding(small, "{ hidden = 0.5, species = -2 }"))
    x, y = run.learn.few(8)
    first, _, last = (child for child in run.model.children())
    hidden = F.relu(F.linear(x, first.weight, first.bias))
    logits = F.linear(hidden, last.weight, last.bias)
    expected = F.cross_entropy(logits, y) + 0.5 * hidden.mean() - 2 * logits.mean()
    torch.testing.assert_close(run.step.evaluate(x, y)[0], expected)
    torch.testing.assert_close(run.step(x, y)[0].detach(), expected.detach())


@pytest.mark.parametrize("key", ["small.hidden", '"small.hidden"'])
def test_a_path_may_have_quotes_or_none(small, run_of, key):
    """TOML reads a dotted key as a table in a table: here it is a path."""
    nested = """through = { label = "small", flow = [{ through = "relu", tag = "hidden" }] }"""
    toml = small.replace('label = "small"', 'label = "whole"').replace('through = "relu"', nested)
    toml = toml.replace('use = "cross_entropy"', f'use = "cross_entropy"\nadd = {{ {key} = 0.5 }}')
    assert {"small.hidden": 0.5} == run_of(toml).experiment.loss.add


def test_a_balanced_mixture_from_a_file(small, flodl_here):
    """What the word for mixtures gives as an output can be trained with: the run ends well, and says another loss."""
    mixture = small.replace('[[model.flow]]\nthrough = "relu"\n', MIXTURE)
    plain = flodl_here("run", "exp.toml", toml=mixture)
    named = mixture.replace("dim = 16\n", 'dim = 16\ntag = { balance_loss = "balance" }\n')
    added = flodl_here("run", "exp.toml", toml=named.replace("[optimizer]", "add = { balance = 5.0 }\n[optimizer]"))
    assert (0, 0) == (plain.returncode, added.returncode), added.stderr
    assert plain.stdout.splitlines()[-3:] != added.stdout.splitlines()[-3:]


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("{ hiden = 0.5 }", "hiden"),
        ('{ hidden = "much" }', "[loss] add is a table such as { balance = 0.01 }"),
        ("{ hidden = nan }", "[loss] add is a table such as"),
        ("{}", "[loss] add is a table such as"),
        ("{ hidden = {} }", "[loss] add is a table such as"),
        ('["hidden"]', "[loss] add is a table such as"),
    ],
)
def test_what_cannot_join_is_told_with_its_line(small, flodl_here, what, said):
    """A tag that is not there, and what is no factor: three lines, before training."""
    done = flodl_here("run", "exp.toml", toml=adding(small, what))
    assert (2, 3) == (done.returncode, len(done.stderr.splitlines())), done.stderr
    assert said in done.stderr
    assert "  at: exp.toml:" in done.stderr
