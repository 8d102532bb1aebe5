"""Initializers: torch's own draws, floDl's ranges, and whole models by pattern."""

from __future__ import annotations

import math

import pytest
import torch
from flodl_core import ComponentError, PathError, components, ref
from flodl_nn import initialize
from torch import nn


def make(name, *args, **kwargs):
    return components.create("initializer", ref(name, *args, **kwargs))


@pytest.mark.parametrize(
    ("made", "fill"),
    [
        (("kaiming_uniform", math.sqrt(5)), lambda t: nn.init.kaiming_uniform_(t, math.sqrt(5))),
        (("kaiming_normal",), nn.init.kaiming_normal_),
        (("xavier_uniform", 2.0), lambda t: nn.init.xavier_uniform_(t, 2.0)),
        (("xavier_normal",), nn.init.xavier_normal_),
        (("orthogonal",), nn.init.orthogonal_),
        (("sparse", 0.5), lambda t: nn.init.sparse_(t, 0.5)),
        (("eye",), nn.init.eye_),
        (("uniform", -1.0, 2.0), lambda t: nn.init.uniform_(t, -1.0, 2.0)),
        (("normal", 1.0, 0.1), lambda t: nn.init.normal_(t, 1.0, 0.1)),
        (("trunc_normal", 1.0, 2.0, -1.0, 0.5), lambda t: nn.init.trunc_normal_(t, 1.0, 2.0, -1.0, 2.0)),
        (("lecun_normal",), lambda t: nn.init.normal_(t, 0.0, 1 / math.sqrt(32))),
        (("constant", 0.5), lambda t: nn.init.constant_(t, 0.5)),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_the_draws_are_torchs(made, fill, device):
    """The same seed, the same bits."""
    torch.manual_seed(0)
    ours = make(*made)(torch.empty(64, 32, device=device))
    torch.manual_seed(0)
    assert fill(torch.empty(64, 32, device=device)).equal(ours)


def test_spreads_are_as_they_say():
    """Bounds and deviations, floDl's formulas: gain sqrt(2 / (1 + a^2)) over sqrt(fan_in), and its bias."""
    weight = torch.empty(512, 256)
    bound = math.sqrt(3) * math.sqrt(2 / 6) / math.sqrt(256)
    assert make("kaiming_uniform", math.sqrt(5))(weight).abs().max().item() == pytest.approx(bound, rel=1e-3)
    assert make("xavier_normal")(weight).std().item() == pytest.approx(math.sqrt(2 / 768), rel=0.02)
    assert make("uniform_bias", 256)(torch.empty(4096)).abs().max().item() == pytest.approx(1 / 16, rel=1e-2)
    assert make("lecun_uniform")(weight).std().item() == pytest.approx(1 / 16, rel=0.02)


def test_a_truncated_curve_has_no_mass_at_its_ends():
    """Drawn again, not clamped."""
    values = make("trunc_normal", low=-0.5, high=0.5)(torch.empty(10_000))
    assert values.abs().max() <= 0.5
    assert (values.abs() == 0.5).sum() == 0


def a_net():
    return nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Linear(4, 2))


def test_a_model_is_filled_by_pattern():
    """Later rules win; a glob passes over what has too few dimensions; what is not named stays."""
    net = a_net()
    before = net[1].weight.detach().clone()
    filled = initialize(net, {"*": "xavier_uniform", "*.bias": "zeros", "2": ref("constant", 0.5)})
    assert {name: made.name for name, made in filled.items()} == {
        "0.weight": "xavier_uniform",
        "0.bias": "zeros",
        "1.bias": "zeros",
        "2.weight": "constant",
        "2.bias": "constant",
    }
    assert before.equal(net[1].weight)
    assert net[2].weight.eq(0.5).all()
    assert net[0].weight.requires_grad


def test_a_part_is_filled_by_its_path():
    """As a glob does, it passes over what has too few dimensions."""
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    assert ["0.weight"] == list(initialize(net, {"0": "kaiming_normal"}))
    assert ["0.weight"] == list(initialize(net, {"": "dirac"}))


def test_a_rule_that_fills_nothing_is_an_error():
    """A norm has no matrix; its parameters are told."""
    message = (
        r"xavier_uniform fills 2 dimensions and more, .* '1' names has them\n  try: it names 1.weight \[4\], 1.bias"
    )
    with pytest.raises(ComponentError, match=message):
        initialize(a_net(), {"1": "xavier_uniform"})


def test_rules_are_a_table():
    """A name alone says what, not where."""
    with pytest.raises(ComponentError, match=r"got 'zeros'\n  try: initialize\(model, \{\"\*\": \"zeros\"\}\)"):
        initialize(a_net(), "zeros")


def test_a_function_of_ones_own_will_do():
    """Anything that fills a tensor."""
    net = a_net()
    initialize(net, {"0.weight": lambda tensor: tensor.fill_(7.0)})
    assert net[0].weight.eq(7.0).all()


def test_a_function_that_makes_another_tensor_fills_nothing():
    """What it was given would be left as it was, in silence; one that scales sees the present values."""
    net = a_net()
    before = net[0].weight.detach().clone()
    with pytest.raises(ComponentError, match=r"parameter '0.weight': .*another tensor.*\n  try: tensor.copy_"):
        initialize(net, {"0.weight": lambda tensor: tensor * 0.0})
    assert before.equal(net[0].weight)
    initialize(net, {"0.weight": lambda tensor: tensor.mul_(0.5)})
    assert (0.5 * before).equal(net[0].weight)
    initialize(net, {"0.weight": lambda tensor: tensor.data[1:].zero_()})
    assert net[0].weight[1:].eq(0.0).all()


@pytest.mark.parametrize("name", [c.name for c in components.list("initializer") if c.name not in ("eye", "dirac")])
def test_a_tensor_without_elements_is_full(name):
    """Nothing is divided by its fans, and nothing warned of."""
    made = make(*{"constant": (name, 1.0), "uniform_bias": (name, 3)}.get(name, (name,)))
    for shape in [(0, 3), (3, 0), (0, 0)]:
        assert shape == made(torch.empty(shape)).shape


def test_a_curve_without_width_is_its_mean():
    """Truncated or not."""
    for name in ("normal", "trunc_normal"):
        assert make(name, 2.0, 0.0)(torch.empty(3)).eq(2.0).all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_right_angles_in_half_precision(dtype, device):
    """Though no kernel makes them there."""
    rows = make("orthogonal")(torch.empty(4, 6, dtype=dtype, device=device)).float()
    torch.testing.assert_close(rows @ rows.T, torch.eye(4, device=device), rtol=0, atol=2e-2)


def test_what_cannot_be_filled_changes_nothing():
    """A path means what it says; all is tried before anything is written."""
    net = a_net()
    before = net[0].weight.detach().clone()
    with pytest.raises(
        ComponentError, match=r"parameter '0.bias': xavier_uniform fills 2 dimensions and more, got \[4\]"
    ):
        initialize(net, {"0.weight": "zeros", "0.bias": "xavier_uniform"})
    with pytest.raises(PathError, match=r"'0.wieght' names no parameter\n  try: did you mean '0.weight'"):
        initialize(net, {"0.weight": "zeros", "0.wieght": "zeros"})
    assert before.equal(net[0].weight)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (("uniform", 1.0, 0.0), "uniform: low is at most high, both finite, got 1.0 and 0.0"),
        (("uniform", 0.0, math.inf), "uniform: low is at most high, both finite, got 0.0 and inf"),
        (("normal", 0.0, -1.0), "std is at least 0, and finite, got -1.0"),
        (("normal", math.nan), "mean is a finite number, got nan"),
        (("sparse", 0.5, -1.0), "std is at least 0, and finite, got -1.0"),
        (("xavier_uniform", -1.0), "gain is at least 0, and finite, got -1.0"),
        (("xavier_normal", math.nan), "gain is at least 0, and finite, got nan"),
        (("dirac", 0), "dirac: groups is at least 1, got 0"),
        (("kaiming_normal", math.nan), "a is the slope below 0, got nan"),
        (("kaiming_normal", 0.0, "fan_in", "rleu"), r"no nonlinearity is called 'rleu'\n  try: relu, leaky_relu"),
        (("trunc_normal", 0.0, 1.0, 1.0, 1.0), "trunc_normal: low is below high"),
        (("sparse", 1.0), "sparse: sparsity is at least 0 and below 1, got 1.0"),
        (("uniform_bias", 0), "uniform_bias: fan_in is at least 1, got 0"),
        (("kaiming_uniform", 0.0, "fan"), "'mode' is 'fan_in' or 'fan_out', got 'fan'"),
    ],
)
def test_a_wrong_option_is_named(made, message):
    """When the initializer is made."""
    with pytest.raises(ComponentError, match=message):
        make(*made)


def test_a_shape_that_cannot_be_filled_is_named():
    """torch's reason, with the shape."""
    with pytest.raises(ComponentError, match=r"eye cannot fill \[2, 2, 2\]: only a matrix has an identity"):
        make("eye")(torch.empty(2, 2, 2))
    with pytest.raises(ComponentError, match=r"normal cannot fill \[2\]: .*not implemented for 'Long'"):
        make("normal")(torch.empty(2, dtype=torch.int64))
    with pytest.raises(ComponentError, match=r"dirac cannot fill \[3, 2, 2\]: dim 0 must be divisible"):
        make("dirac", 2)(torch.empty(3, 2, 2))
