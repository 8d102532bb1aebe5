"""What examples feed: read from text, the same on every device, smooth where gradients pass."""

from __future__ import annotations

import pytest
from flodl_core import ComponentError

torch = pytest.importorskip("torch")
Feed = pytest.importorskip("flodl_core.testing.contracts.feed").Feed


@pytest.mark.parametrize(
    ("text", "dtype", "holds"),
    [
        ("f32[4,3]", torch.float32, lambda v: v.std() > 0.1),
        ("f64[50]:0.5..2", torch.float64, lambda v: bool(((v >= 0.5) & (v <= 2)).all())),
        ("f32[50]:-1,1", torch.float32, lambda v: set(v.tolist()) == {-1.0, 1.0}),
        ("i64[50]", torch.int64, lambda v: set(v.tolist()) == {0, 1}),
        ("i64[90]:3..5", torch.int64, lambda v: set(v.tolist()) == {3, 4, 5}),
        ("i64[3,3]:distinct", torch.int64, lambda v: sorted(v.flatten().tolist()) == list(range(9))),
        ("f32[4,3]:probs", torch.float32, lambda v: torch.allclose(v.sum(-1), torch.ones(4))),
        ("f32[4,3]:log_probs", torch.float32, lambda v: torch.allclose(v.exp().sum(-1), torch.ones(4))),
        ("bool[40]", torch.bool, lambda v: v.any() and not v.all()),
        ("f32[]", torch.float32, lambda v: v.shape == ()),
    ],
)
def test_inputs_hold_what_the_text_says(text, dtype, holds, device):
    """Type, shape and values."""
    (value,) = Feed.parse([text]).tensors(device)
    assert (dtype, device.type) == (value.dtype, value.device.type)
    assert holds(value.cpu())


def test_a_letter_is_one_size_and_a_seed_one_draw():
    """`B` is the same everywhere; the same seed draws the same, another one something else."""
    feed = Feed.parse(["f32[B,3]", "i64[B,T]"])
    first, second = feed.tensors(seed=1), feed.tensors(seed=2)
    assert first[0].shape[0] == first[1].shape[0] != first[1].shape[1]
    assert first[0].equal(feed.tensors(seed=1)[0])
    assert not first[0].equal(second[0])


def test_labels_and_whole_numbers_are_not_differentiated_by():
    """All else that is floating is."""
    feed = Feed.parse(["f32[2]", "f32[2]:0..1", "f32[2]:0,1", "i64[2]", "f32[2]:probs"])
    assert [True, True, False, False, True] == [slot.moves for slot in feed.slots]


@pytest.mark.parametrize("text", ["f32", "f33[2]", "f32[2]:high", "f32 [2]"])
def test_what_cannot_be_read_is_said(text):
    """With forms that can."""
    with pytest.raises(ComponentError, match="an example's input") as caught:
        Feed.parse([text])
    assert '"i64[4]:0..2"' in caught.value.mend
