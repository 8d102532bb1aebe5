"""Finite differences find wrong gradients and pass right ones."""

from __future__ import annotations

import pytest
from flodl_core import TrainingError

torch = pytest.importorskip("torch")
from flodl_core.autograd import check_gradients  # noqa: E402 - they need torch


class WrongSquare(torch.autograd.Function):
    """x * x, whose gradient someone wrote as x."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient * x


def test_a_planted_wrong_gradient_is_found_and_named(device):
    """With the place, and both values."""
    report = check_gradients(WrongSquare.apply, torch.tensor([[0.0, 2.0]], device=device))
    assert not report.right
    assert [(m.name, m.index) for m in report.mismatches] == [("input 0", (0, 1))]
    (mismatch,) = report.mismatches
    assert mismatch.numeric == pytest.approx(2 * mismatch.analytic, rel=1e-6)
    assert str(report).startswith("1 of 2 gradients are wrong; input 0[0, 1]: gradient ")


class WrongBias(torch.nn.Module):
    """A layer that leaves its bias out of the graph."""

    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(3, 2)

    def forward(self, x):
        return x @ self.linear.weight.T + self.linear.bias.detach()


def test_a_detached_parameter_is_found(device):
    """Its gradient is zero, its slope is not."""
    report = check_gradients(WrongBias().to(device), torch.randn(4, 3, device=device))
    assert {m.name for m in report.mismatches} == {"linear.bias"}


@pytest.mark.parametrize(
    ("module", "inputs"),
    [
        (torch.nn.Linear(3, 2), [(4, 3)]),
        (torch.nn.Bilinear(2, 3, 2), [(4, 2), (4, 3)]),
        (torch.nn.LSTM(3, 2), [(4, 1, 3)]),
        (torch.nn.Dropout(0.5), [(4, 3)]),
        (torch.nn.BatchNorm1d(3), [(8, 3)]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_right_gradients_pass(module, inputs, device):
    """Several inputs, several outputs, random ones; the module itself is left alone."""
    torch.manual_seed(0)
    module.to(device)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    report = check_gradients(module, *(torch.randn(shape, device=device) for shape in inputs))
    assert report.right, str(report)
    assert report.elements > 0
    for name, value in module.state_dict().items():
        assert before[name].equal(value)
        assert before[name].dtype == value.dtype


def test_the_generator_goes_on_as_if_nothing_had_happened():
    """What the function draws does not count."""
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    check_gradients(torch.nn.Dropout(0.5), torch.ones(4))
    assert expected.equal(torch.rand(2))


def test_whole_numbers_are_passed_on(device):
    """An embedding is checked by its weights."""
    table = torch.nn.Embedding(4, 2).to(device)
    report = check_gradients(table, torch.tensor([0, 2], device=device))
    assert (report.right, report.elements) == (True, 8)


def test_large_tensors_are_sampled():
    """Each element costs two calls."""
    assert check_gradients(torch.sin, torch.randn(1000), most=50).elements == 50


def test_tensors_in_tuples_are_checked_too(device):
    """As recurrent layers take their state, and functions give results by name."""
    lstm, x = torch.nn.LSTM(2, 3).to(device), torch.randn(4, 1, 2, device=device)
    report = check_gradients(lstm, x, (torch.randn(1, 1, 3, device=device), torch.randn(1, 1, 3, device=device)))
    assert report.right
    assert report.elements == 8 + 6 + sum(p.numel() for p in lstm.parameters())

    def wrong_second(pair):
        return {"first": pair[0] * 2, "second": WrongSquare.apply(pair[1])}

    report = check_gradients(wrong_second, (torch.ones(2, device=device), torch.ones(2, device=device)))
    assert [(m.name, m.index) for m in report.mismatches] == [("input 0.1", (0,)), ("input 0.1", (1,))]


def test_a_function_may_write_to_what_it_is_given(device):
    """It has its own."""
    assert check_gradients(lambda x: x.mul_(2.0).sin_(), torch.ones(3, device=device)).right


@pytest.mark.parametrize("options", [{"step": 0.0}, {"most": 0}, {"tolerance": -1.0}])
def test_what_nothing_can_be_checked_with_is_said(options):
    """Zero steps, no elements."""
    with pytest.raises(TrainingError, match="step, tolerance and most are above 0, got"):
        check_gradients(torch.sin, torch.ones(1), **options)


def test_nothing_to_check_is_said():
    """No floating input, or an output that depends on none."""
    with pytest.raises(TrainingError, match="no floating input and no trainable parameter"):
        check_gradients(torch.neg, torch.tensor([1, 2]))
    with pytest.raises(TrainingError, match="no output depends on what was given"):
        check_gradients(lambda x: x.detach(), torch.ones(2))
