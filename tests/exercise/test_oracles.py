"""Oracles beyond the examples: the options that people set, each compared in the same check."""

from __future__ import annotations

import pytest
from attrs import evolve
from flodl_core import Component, Example, components
from flodl_core.testing import Subject, suite_of

OPTIONS = [
    ("optimizer", "sgd", {"lr": 0.1}),
    ("optimizer", "sgd", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("optimizer", "sgd", {"lr": 0.1, "momentum": 0.9, "dampening": 0.5, "maximize": True}),
    ("optimizer", "adam", {"lr": 0.01, "weight_decay": 0.1, "betas": (0.8, 0.9), "eps": 1e-3}),
    ("optimizer", "adam", {"lr": 0.01, "amsgrad": True}),
    ("optimizer", "adamw", {"lr": 0.01, "weight_decay": 0.3}),
    ("optimizer", "rmsprop", {"lr": 0.01, "alpha": 0.9, "weight_decay": 0.1}),
    ("optimizer", "rmsprop", {"lr": 0.01, "centered": True}),
    ("optimizer", "adagrad", {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.5}),
    ("optimizer", "radam", {"lr": 0.01, "betas": (0.9, 0.9), "weight_decay": 0.1}),
    ("optimizer", "nadam", {"lr": 0.01, "weight_decay": 0.1, "momentum_decay": 0.1}),
    ("optimizer", "adamax", {"lr": 0.01, "weight_decay": 0.1}),
    ("optimizer", "adadelta", {"lr": 0.5, "rho": 0.5, "weight_decay": 0.1}),
    ("optimizer", "asgd", {"lr": 0.1, "lambd": 0.1, "alpha": 0.5, "weight_decay": 0.1}),
    ("optimizer", "rprop", {"lr": 0.1, "etas": (0.3, 1.5), "step_sizes": (1e-3, 0.2)}),
    ("optimizer", "adafactor", {"lr": 0.1, "weight_decay": 0.1, "eps": (1e-8, 1e-2), "d": 1.5}),
    ("loss", "huber", {"delta": 2.0}),
    ("loss", "cross_entropy", {}),
    ("loss", "poisson_nll", {"log_input": True, "full": True}),
    ("loss", "gaussian_nll", {"full": True}),
    ("loss", "multi_margin", {"p": 2, "margin": 0.5}),
    ("loss", "triplet_margin", {"swap": True, "p": 1.0}),
    ("loss", "binary_focal", {"alpha": None, "gamma": 1.0}),
    ("loss", "tversky", {"alpha": 0.2, "beta": 0.9, "gamma": 1.5}),
    ("loss", "info_nce", {"symmetric": False, "label_smoothing": 0.2}),
    ("scheduler", "warmup_stable_decay", {"warmup": 10, "stable": 60, "decay": 30, "shape": "cosine", "floor": 0.1}),
    ("scheduler", "warmup_stable_decay", {"warmup": 0, "stable": 60, "decay": 30, "shape": "sqrt"}),
    ("scheduler", "one_cycle", {"steps": 77, "warmup": 0.0}),
    ("scheduler", "cyclic", {"up": 7, "down": 3}),
    ("scheduler", "multi_step", {"milestones": (60, 30, 30), "gamma": 0.5}),
    ("initializer", "kaiming_normal", {"a": 1.0, "mode": "fan_out"}),
    ("initializer", "trunc_normal", {"mean": 1.0, "std": 0.5, "low": -1.0, "high": 0.5}),
    ("initializer", "orthogonal", {"gain": 2.0}),
    ("merge_op", "cat", {"dim": 0}),
    ("merge_op", "stack", {"dim": 1}),
]


@pytest.mark.parametrize(("kind", "name", "options"), OPTIONS, ids=lambda value: str(value))
def test_the_value_is_the_oracles_with_these_options_too(kind, name, options, device):
    """The suite's own check of the value, of another example."""
    component = components.find(kind, name)
    example = Example(kwargs=options, inputs=component.spec.example.inputs)
    subject = Subject(Component(evolve(component.spec, example=example), component.origin), device.type, components)
    (value,) = (check for check in suite_of(kind) if check.name == "value")
    assert value.run(subject) is None
