"""Ops in experiment files: by name, with their options, checked before training."""

from __future__ import annotations


def test_an_op_stands_in_the_flow_of_an_experiment(flodl_here, small):
    """`op:tanh` in place of a module trains as well."""
    done = flodl_here("run", "exp.toml", toml=small.replace('through = "relu"', 'through = "op:clamp"\nmin = 0.0'))
    assert 0 == done.returncode, done.stderr


def test_a_mistyped_op_is_told_with_the_nearest(flodl_here, small):
    """At its line, before anything is made."""
    done = flodl_here("run", "exp.toml", toml=small.replace('through = "relu"', 'through = "op:clmap"'))
    assert 2 == done.returncode
    assert "no op is called 'op:clmap'" in done.stderr
    assert "did you mean 'clamp'" in done.stderr
