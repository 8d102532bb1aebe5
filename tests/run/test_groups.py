"""`[train] groups`: rates and options of parts, in an experiment's own file."""

from __future__ import annotations

import pytest
import torch

GROUPS = 'groups = { "linear_1" = 1e-4, "*.bias" = { weight_decay = 0.5, lr = 0.0 } }'


def grouping(small, groups):
    return small.replace("epochs = 3", f"epochs = 3\n{groups}")


def test_each_part_has_its_own_options(small, run_of):
    """A cascade, as `groups=` of a step reads it; what no rule names has the optimizer's own rate."""
    run = run_of(grouping(small, GROUPS))
    options = {
        parameter: (group["lr"], group["weight_decay"])
        for group in run.step.optimizer.param_groups
        for parameter in group["params"]
    }
    first, last = run.model.get_submodule("linear_1"), run.model.get_submodule("species")
    assert {
        first.weight: (1e-4, 0.0),
        first.bias: (0.0, 0.5),
        last.weight: (0.02, 0.0),
        last.bias: (0.0, 0.5),
    } == options


def test_a_part_without_a_rate_stays(small, run_of):
    """Trained as the file says: no step moves it, and the others move."""
    run = run_of(grouping(small, 'groups = { "linear_1" = 0.0 }'))
    before = {name: value.clone() for name, value in run.model.state_dict().items()}
    run.step(*run.learn.few(8))
    same = {name: torch.equal(value, before[name]) for name, value in run.model.state_dict().items()}
    assert {"linear_1.weight": True, "linear_1.bias": True, "species.weight": False, "species.bias": False} == same


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ('groups = { "linear_7" = 1e-4 }', "groups: 'linear_7' names no parameter"),
        ('groups = { "linear_1" = { momentun = 0.5 } }', "groups['linear_1']: Adam has no option 'momentun'"),
        ('groups = { "linear_1" = -1.0 }', "groups['linear_1']: a learning rate is a number of at least 0"),
        ('groups = { "linear_1" = "fast" }', "[train] groups is a table such as"),
        ('groups = { "linear_1" = nan }', "[train] groups is a table such as"),
        ("groups = {}", "[train] groups is a table such as"),
        ("groups = 1e-4", "[train] groups is a table such as"),
    ],
)
def test_what_groups_nothing_is_told_with_its_line(small, flodl_here, groups, said):
    """A path that is not there, an option that the optimizer has not, no rate: three lines, before training."""
    toml = grouping(small, groups)
    done = flodl_here("run", "exp.toml", toml=toml)
    assert (2, 3) == (done.returncode, len(done.stderr.splitlines())), done.stderr
    assert said in done.stderr
    assert f"  at: exp.toml:{toml.splitlines().index(groups) + 1}" in done.stderr
