"""An op is a function of tensors that prints, copies and pickles, and refuses what it does not take."""

from __future__ import annotations

import copy
import inspect
import pickle

import pytest
import torch
from flodl_core import ComponentError, TensorError
from flodl_core.component import OpSpec
from flodl_core.provider import Component, Origin
from flodl_core.tensor.ops import factories
from flodl_core.tensor.ops.table import TABLE


def made(name: str, *args, **options):
    return Component(TABLE[name].spec, Origin("flodl-nn", "1", "nn", True)).create(*args, **options)


def test_an_op_prints_as_it_was_written():
    """Name and options."""
    assert "softmax(dim=-1)" == repr(made("softmax", -1))
    assert "to(dtype='bf16')" == repr(made("to", dtype="bf16"))
    assert "relu()" == repr(made("relu"))


def test_what_is_torchs_default_is_not_said():
    """So that a text stays as short as what was meant."""
    assert "topk(k=2)" == repr(made("topk", 2, dim=-1, largest=True))


@pytest.mark.parametrize("again", [copy.deepcopy, lambda op: pickle.loads(pickle.dumps(op))])
def test_copies_and_pickles_do_the_same(again, device):
    """By name and options."""
    op = made("clamp", min=0.0)
    x = torch.randn(8, device=device)
    assert repr(op) == repr(again(op))
    assert op(x).equal(again(op)(x))


def test_a_number_may_stand_for_a_tensor(device):
    """Given beforehand it is an option, and no input any more."""
    x = torch.ones(2, device=device)
    assert [3.0, 3.0] == made("add", other=2.0)(x).tolist()
    assert ["input"] == list(inspect.signature(made("add", other=2.0)).parameters)
    assert ["input", "other"] == list(inspect.signature(made("add")).parameters)


def test_tensors_may_be_given_by_name(device):
    """As `using` does; several that torch takes as one, too."""
    torch.manual_seed(0)
    x, weight, bias = (torch.randn(shape, device=device) for shape in ((2, 3), (4, 3), (4,)))
    assert torch.nn.functional.linear(x, weight, bias).equal(made("linear")(x, weight=weight, bias=bias))
    h, c = torch.randn(2, 4, device=device), torch.randn(2, 4, device=device)
    w_ih, w_hh = torch.randn(16, 3, device=device), torch.randn(16, 4, device=device)
    expected = torch.lstm_cell(x, (h, c), w_ih, w_hh)
    actual = made("lstm_cell")(x, c=c, h=h, w_ih=w_ih, w_hh=w_hh)
    assert all(one.equal(other) for one, other in zip(expected, actual, strict=True))
    assert torch.cat([x, x]).equal(made("cat")(x, other=x))


def test_element_types_are_words(device):
    """As in the rest of flodl."""
    assert torch.float64 == made("to", dtype="f64")(torch.ones(1, device=device)).dtype
    with pytest.raises(TensorError, match="'f65' is no element type"):
        made("to", dtype="f65")


def test_too_many_tensors_are_refused(device):
    """By what it takes."""
    x = torch.ones(2, device=device)
    with pytest.raises(TensorError, match=r"relu\(\) takes input, got 2 tensors"):
        made("relu")(x, x)
    with pytest.raises(TensorError, match=r"lstm_cell\(\) takes input, h, c, w_ih, .*, got 8 tensors"):
        made("lstm_cell")(*[x] * 8)


@pytest.mark.parametrize(
    ("name", "options", "text"),
    [
        ("softmax", {}, "softmax: missing a required argument: 'dim'"),
        ("softmax", {"dmi": 1}, "softmax takes no argument 'dmi'\n  try: did you mean 'dim'"),
        ("softmax", {"dim": "last"}, "softmax: argument 'dim' is int, got 'last'"),
    ],
)
def test_options_are_checked_before_any_tensor_is_there(name, options, text):
    """Missing, mistyped, of a wrong type."""
    with pytest.raises(ComponentError) as raised:
        made(name, **options)
    assert text in str(raised.value)


def test_there_is_no_factory_without_a_row():
    """The module answers for the table alone."""
    with pytest.raises(AttributeError, match="no attribute 'softmacks'"):
        _ = factories.softmacks


def test_a_spec_of_an_op_refuses_what_is_not_said_right():
    """Its fields have types too."""
    with pytest.raises(ComponentError, match=r"OpSpec\.differentiable is True or False, got 'yes'"):
        OpSpec(name="a", target="a:b", summary="A.", differentiable="yes")
