"""Losses as functions; those with options of their own, and many more, are components of the kind loss."""

from __future__ import annotations

from functools import partial

from flodl_core.tensor.ops.row import row

op = partial(row, category="loss")
_PAIR, _CLASSES = "f32[4,3] f32[4,3]", "f32[4,3] i64[4]:0..2"
_REDUCTION = "reduction: str = 'mean'"

LOSSES = (
    op(f"mse_loss(input, target, /, *, {_REDUCTION})", _PAIR, "Squared error.", of="F"),
    op(f"l1_loss(input, target, /, *, {_REDUCTION})", _PAIR, "Absolute error.", of="F"),
    op(
        f"smooth_l1_loss(input, target, /, *, {_REDUCTION}, beta: float = 1.0)",
        _PAIR,
        "Absolute error, quadratic near 0.",
        of="F",
    ),
    op(
        f"cross_entropy(input, target, weight=None, /, *, ignore_index: int = -100, {_REDUCTION},"
        " label_smoothing: float = 0.0)",
        _CLASSES,
        "Logits against classes.",
        "cross_entropy_loss",
        of="F",
    ),
    op(
        f"nll_loss(input, target, weight=None, /, *, ignore_index: int = -100, {_REDUCTION})",
        _CLASSES,
        "Log-probabilities against classes.",
        of="F",
    ),
    op(
        f"binary_cross_entropy(input, target, weight=None, /, *, {_REDUCTION})",
        "f32[4,3]:0..1 f32[4,3]:0..1",
        "Probabilities of yes against yes and no.",
        "bce_loss",
        of="F",
    ),
    op(
        f"binary_cross_entropy_with_logits(input, target, weight=None, pos_weight=None, /, *, {_REDUCTION})",
        "f32[4,3] f32[4,3]:0..1",
        "Logits of yes against yes and no.",
        "bce_with_logits_loss",
        of="F",
    ),
    op(
        f"kl_div(input, target, /, *, {_REDUCTION}, log_target: bool = False)",
        "f32[4,3] f32[4,3]:0..1",
        "Divergence of log-probabilities from probabilities.",
        "kl_div_loss",
        of="F",
        reduction="batchmean",
    ),
    op(
        f"ctc_loss(log_probs, targets, input_lengths, target_lengths, /, *, blank: int = 0, {_REDUCTION},"
        " zero_infinity: bool = False)",
        "f32[6,2,4]:log_probs i64[2,3]:1..3 i64[2]:6..6 i64[2]:1..3",
        "Unaligned sequences, over all alignments.",
        of="F",
    ),
)
