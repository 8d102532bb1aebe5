"""What layers compute, with the weights as inputs: linear and convolution, norms, recurrence, pooling."""

from __future__ import annotations

from functools import partial
from typing import Any

from flodl_core.tensor.ops.row import row

_CONV = "stride: Ints = 1, padding: Ints | str = 0, dilation: Ints = 1, groups: int = 1"
_TRANSPOSED = "stride: Ints = 1, padding: Ints = 0, output_padding: Ints = 0, groups: int = 1, dilation: Ints = 1"
_RUN = "has_biases: bool, num_layers: int, dropout: float, train: bool, bidirectional: bool, batch_first: bool"
_ONE_LAYER: dict[str, Any] = {
    "has_biases": True,
    "num_layers": 1,
    "dropout": 0.0,
    "train": True,
    "bidirectional": False,
    "batch_first": True,
}

op = partial(row, category="linear")
LINEAR = (
    op("linear(input, weight, bias=None, /)", "f32[2,3] f32[4,3] f32[4]", "input @ weight.T + bias.", of="F"),
    op(
        "bilinear(input1, input2, weight, bias=None, /)",
        "f32[2,3] f32[2,4] f32[5,3,4] f32[5]",
        "Weighted sums of all products of two inputs.",
        of="F",
    ),
    op(f"conv1d(input, weight, bias=None, /, *, {_CONV})", "f32[2,3,6] f32[4,3,2] f32[4]", "Filters over sequences."),
    op(f"conv2d(input, weight, bias=None, /, *, {_CONV})", "f32[1,2,4,4] f32[3,2,2,2] f32[3]", "Filters over images."),
    op(
        f"conv3d(input, weight, bias=None, /, *, {_CONV})",
        "f32[1,2,3,3,3] f32[2,2,2,2,2] f32[2]",
        "Filters over volumes.",
    ),
    op(
        f"conv_transpose1d(input, weight, bias=None, /, *, {_TRANSPOSED})",
        "f32[2,3,4] f32[3,2,2] f32[2]",
        "The way back of conv1d.",
    ),
    op(
        f"conv_transpose2d(input, weight, bias=None, /, *, {_TRANSPOSED})",
        "f32[1,2,3,3] f32[2,3,2,2] f32[3]",
        "The way back of conv2d.",
    ),
    op(
        f"conv_transpose3d(input, weight, bias=None, /, *, {_TRANSPOSED})",
        "f32[1,2,2,2,2] f32[2,2,2,2,2] f32[2]",
        "The way back of conv3d.",
    ),
    op(
        "unfold(input, /, *, kernel_size: Ints, dilation: Ints = 1, padding: Ints = 0, stride: Ints = 1)",
        "f32[1,2,4,4]",
        "Every patch of an image as a column.",
        "im2col",
        of="F",
        kernel_size=2,
    ),
    op(
        "fold(input, /, *, output_size: Ints, kernel_size: Ints, dilation: Ints = 1, padding: Ints = 0,"
        " stride: Ints = 1)",
        "f32[1,8,9]",
        "Columns of patches summed back into an image.",
        "col2im",
        of="F",
        output_size=(4, 4),
        kernel_size=2,
    ),
    op(
        "scaled_dot_product_attention(query, key, value, attn_mask=None, /, *, dropout_p: float = 0.0,"
        " is_causal: bool = False, scale: float | None = None)",
        "f32[2,2,3,4] f32[2,2,3,4] f32[2,2,3,4]",
        "Every query a mix of values, by how well its key fits.",
        of="F",
        is_causal=True,
    ),
)

op = partial(row, category="normalization")
NORMS = (
    op(
        "layer_norm(input, weight=None, bias=None, /, *, normalized_shape: Sizes, eps: float = 1e-05)",
        "f32[3,4] f32[4] f32[4]",
        "Mean 0 and variance 1 over the last dimensions.",
        of="F",
        normalized_shape=(4,),
    ),
    op(
        "native_layer_norm(input, weight, bias, /, *, normalized_shape: Sizes, eps: float)",
        "f32[3,4] f32[4] f32[4]",
        "A layer norm that also tells its mean and 1 / std.",
        outputs="output mean rstd",
        differentiable=False,  # torch keeps gradients of the output alone, not those of mean and rstd
        normalized_shape=(4,),
        eps=1e-5,
    ),
    op(
        "group_norm(input, weight=None, bias=None, /, *, num_groups: int, eps: float = 1e-05)",
        "f32[2,4,3] f32[4] f32[4]",
        "Mean 0 and variance 1 over groups of channels.",
        of="F",
        num_groups=2,
    ),
    op(
        "batch_norm(input, weight=None, bias=None, running_mean=None, running_var=None, /, *, training: bool = False,"
        " momentum: float = 0.1, eps: float = 1e-05)",
        "f32[4,3] f32[3] f32[3]",
        "Mean 0 and variance 1 over the batch.",
        of="F",
        training=True,
    ),
    op(
        "instance_norm(input, weight=None, bias=None, running_mean=None, running_var=None, /, *,"
        " use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-05)",
        "f32[2,3,4] f32[3] f32[3]",
        "Mean 0 and variance 1 over each channel of each sample.",
        of="F",
    ),
)

op = partial(row, category="recurrent")
RECURRENT = (
    op(
        "gru_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None, /)",
        "f32[2,3] f32[2,4] f32[12,3] f32[12,4] f32[12] f32[12]",
        "One step of a GRU.",
    ),
    op(
        "lstm_cell(input, h: hx, c: hx, w_ih, w_hh, b_ih=None, b_hh=None, /)",
        "f32[2,3] f32[2,4] f32[2,4] f32[16,3] f32[16,4] f32[16] f32[16]",
        "One step of an LSTM.",
        outputs="h c",
    ),
    op(
        f"gru(input, hx, /, *params, {_RUN})",
        "f32[2,3,3] f32[1,2,4] f32[12,3] f32[12,4] f32[12] f32[12]",
        "A GRU over whole sequences.",
        "gru_seq",
        outputs="output h",
        **_ONE_LAYER,
    ),
    op(
        f"lstm(input, h: hx, c: hx, /, *params, {_RUN})",
        "f32[2,3,3] f32[1,2,4] f32[1,2,4] f32[16,3] f32[16,4] f32[16] f32[16]",
        "An LSTM over whole sequences.",
        "lstm_seq",
        outputs="output h c",
        **_ONE_LAYER,
    ),
)
