"""The op table holds every op of floDl that torch has, and each row calls what it says."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F
from flodl_core.tensor.ops import factories
from flodl_core.tensor.ops.call import read_call
from flodl_core.tensor.ops.function import function_of
from flodl_core.tensor.ops.table import TABLE
from flodl_core.testing.contracts.feed import Feed

ON_TENSORS = """
    add sub mul div neg add_scalar mul_scalar div_scalar matmul addmm addcmul addcdiv pow_scalar fmod fmod_tensor
    remainder remainder_tensor lerp lerp_tensor
    exp expm1 log log1p log2 log10 sqrt abs sign floor ceil round trunc frac reciprocal sin cos tan asin acos atan
    atan2 erf erfc clamp clamp_min clamp_max maximum minimum
    relu sigmoid tanh gelu silu leaky_relu elu softplus mish selu hardswish hardsigmoid prelu softmax log_softmax
    sum mean prod sum_dim mean_dim prod_dim sum_dims min max min_dim max_dim argmin argmax var std var_dim std_dim
    norm norm_p median median_dim logsumexp cumsum cumprod count_nonzero count_nonzero_dim any all
    gt ge lt le eq_tensor ne_tensor gt_scalar ge_scalar lt_scalar le_scalar eq_scalar ne_scalar isnan isinf isclose
    logical_and logical_or logical_not all_finite
    masked_fill where_cond index_select index_add gather scatter scatter_add select_scatter nonzero unique
    searchsorted topk sort argsort
    triu tril normalize cosine_similarity cdist cdist_p multinomial to_dtype
    reshape transpose expand permute narrow narrow_scatter select squeeze unsqueeze unsqueeze_many flatten cat
    cat_many stack repeat pad pad_mode flip roll diagonal movedim tile split unbind contiguous chunk batches meshgrid
    linear conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d bilinear im2col col2im
    native_layer_norm group_norm batch_norm instance_norm
    gru_cell lstm_cell gru_seq lstm_seq gru_seq_cached lstm_seq_cached
    max_pool1d max_pool2d avg_pool1d avg_pool2d adaptive_avg_pool2d adaptive_max_pool2d grid_sample interpolate
    pixel_shuffle pixel_unshuffle
    mse_loss cross_entropy_loss bce_loss bce_with_logits_loss l1_loss smooth_l1_loss kl_div_loss nll_loss ctc_loss
    dropout feature_dropout embedding_bag
"""
DIFFERENTIABLE = """
    add sub mul div matmul neg add_scalar mul_scalar div_scalar
    relu sigmoid tanh gelu silu leaky_relu elu softplus mish selu hardswish hardsigmoid prelu softmax log_softmax
    sum mean prod sum_dim mean_dim prod_dim cumsum logsumexp min max min_dim max_dim var std var_dim std_dim
    exp expm1 log log1p log2 log10 sqrt abs pow_scalar sin cos sign floor ceil round reciprocal clamp clamp_min
    clamp_max atan2 maximum minimum triu tril
    masked_fill index_select gather topk sort normalize cosine_similarity
    reshape transpose permute squeeze unsqueeze unsqueeze_many flatten expand narrow select cat cat_many stack chunk
    repeat pad
    linear conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d bilinear im2col col2im
    layer_norm group_norm instance_norm
    gru_cell lstm_cell
    max_pool1d max_pool2d avg_pool1d avg_pool2d adaptive_avg_pool2d adaptive_max_pool2d grid_sample pixel_shuffle
    pixel_unshuffle
    embedding_bag
"""
LEFT_OUT = {
    "all_finite": "two ops of the table: isfinite, then all",
    "unsqueeze_many": "unsqueeze, once for each dimension",
    "gru_seq_cached": "gru; torch keeps no pack of weights that could grow stale (weak spot 35)",
    "lstm_seq_cached": "lstm; likewise",
}
NAMES = {word: row for row in TABLE.values() for word in (row.spec.name, *row.spec.aliases)}

OWN_CALLS = {
    "pow": lambda x: torch.pow(x, 2.5),
    "fmod": lambda x: torch.fmod(x, 0.7),
    "remainder": lambda x: torch.remainder(x, 0.7),
    "lerp": lambda x, y: x + 0.3 * (y - x),
    "clamp": lambda x: x.clamp(-0.5, 0.5),
    "clamp_min": lambda x: x.clamp(min=-0.5),
    "clamp_max": lambda x: x.clamp(max=0.5),
    "to": lambda x: x.double(),
    "gelu": F.gelu,
    "softmax": lambda x: x.exp() / x.exp().sum(-1, keepdim=True),
    "log_softmax": lambda x: F.log_softmax(x, -1),
    "sum": lambda x: x.sum(-1),
    "mean": lambda x: x.mean(-1),
    "prod_dim": lambda x: x.prod(-1),
    "amin": lambda x: x.min(-1).values,
    "amax": lambda x: x.max(-1).values,
    "var": lambda x: x.var(-1),
    "std": lambda x: x.std(-1),
    "vector_norm": lambda x: x.norm(3),
    "median_dim": lambda x: x.median(-1),
    "logsumexp": lambda x: x.exp().sum(-1).log(),
    "cumsum": lambda x: x.cumsum(-1),
    "cumprod": lambda x: x.cumprod(-1),
    "masked_fill": lambda x, mask: x.masked_fill(mask, -1.0),
    "index_select": lambda x, index: x[index],
    "index_add": lambda x, index, source: x.index_add(0, index, source),
    "gather": lambda x, index: x.gather(1, index),
    "scatter": lambda x, index, source: x.scatter(0, index, source),
    "scatter_add": lambda x, index, source: x.scatter_add(0, index, source),
    "select_scatter": lambda x, source: torch.stack([x[0], source, x[2]]),
    "slice_scatter": lambda x, source: torch.cat([x[:1], source]),
    "topk": lambda x: x.topk(2),
    "sort": lambda x: x.sort(-1),
    "reshape": lambda x: x.reshape(6, 4),
    "transpose": lambda x: x.transpose(0, 2),
    "permute": lambda x: x.permute(2, 0, 1),
    "movedim": lambda x: x.permute(1, 2, 0),
    "expand": lambda x: x.expand(4, 3),
    "repeat": lambda x: x.repeat(1, 2, 1),
    "tile": lambda x: x.repeat(1, 2, 1),
    "narrow": lambda x: x[:, 1:3],
    "select": lambda x: x[:, 1],
    "squeeze": lambda x: x[:, 0],
    "unsqueeze": lambda x: x[:, None],
    "flatten": lambda x: x.flatten(1),
    "contiguous": lambda x: x.contiguous(),
    "flip": lambda x: x[:, [2, 1, 0]],
    "roll": lambda x: x[:, [2, 0, 1]],
    "pad": lambda x: F.pad(x, (1, 1, 1, 1), "reflect"),
    "cat": lambda *xs: torch.cat(xs, 1),
    "stack": lambda *xs: torch.stack(xs, 1),
    "meshgrid": lambda *xs: torch.meshgrid(xs, indexing="ij"),
    "split": lambda x: tuple(part[None] for part in x),
    "chunk": lambda x: x.chunk(2, -1),
    "unbind": tuple,
    "unfold": lambda x: F.unfold(x, 2),
    "fold": lambda x: F.fold(x, (4, 4), 2),
    "scaled_dot_product_attention": lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True),
    "layer_norm": lambda x, w, b: F.layer_norm(x, (4,), w, b),
    "native_layer_norm": lambda x, w, b: torch.native_layer_norm(x, (4,), w, b, 1e-5),
    "group_norm": lambda x, w, b: F.group_norm(x, 2, w, b),
    "batch_norm": lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True),
    "instance_norm": lambda x, w, b: F.instance_norm(x, None, None, w, b),
    "lstm_cell": lambda x, h, c, *weights: torch.lstm_cell(x, (h, c), *weights),
    "gru": lambda x, h, *weights: torch.gru(x, h, weights, True, 1, 0.0, True, False, True),
    "lstm": lambda x, h, c, *weights: torch.lstm(x, (h, c), weights, True, 1, 0.0, True, False, True),
    "max_pool1d": lambda x: F.max_pool1d(x, 2),
    "max_pool2d": lambda x: F.max_pool2d(x, 2),
    "avg_pool1d": lambda x: F.avg_pool1d(x, 2),
    "avg_pool2d": lambda x: F.avg_pool2d(x, 2),
    "adaptive_avg_pool2d": lambda x: F.adaptive_avg_pool2d(x, 2),
    "adaptive_max_pool2d": lambda x: F.adaptive_max_pool2d(x, 2),
    "grid_sample": lambda x, grid: F.grid_sample(x, grid, align_corners=False),
    "interpolate": lambda x: F.interpolate(x, (6, 6), mode="bilinear"),
    "pixel_shuffle": lambda x: F.pixel_shuffle(x, 2),
    "pixel_unshuffle": lambda x: F.pixel_unshuffle(x, 2),
    "embedding_bag": F.embedding_bag,
    "dropout": F.dropout,
    "binary_cross_entropy_with_logits": F.binary_cross_entropy_with_logits,
    "ctc_loss": F.ctc_loss,
    "multinomial": lambda x: torch.multinomial(x, 2),
    "feature_dropout": lambda x: F.dropout1d(x, 0.5),
    "kl_div": lambda x, y: F.kl_div(x, y, reduction="batchmean"),
}
"""Calls as a person writes them, where they are more than the function's name and the tensors."""


def feed(row, device):
    """The example's tensors."""
    return Feed.parse(row.spec.example.inputs).tensors(device)


def flat(value):
    return list(value) if isinstance(value, tuple | list) else [value]


def test_every_op_of_flodl_is_here_or_left_out_for_a_reason():
    """Its ops on tensors and its differentiable ones, by its own names."""
    wanted = {*ON_TENSORS.split(), *DIFFERENTIABLE.split()}
    assert set(LEFT_OUT) == wanted - set(NAMES)


def test_the_list_is_as_long_as_flodls_table_says():
    """Its 112 differentiable ops."""
    assert len(DIFFERENTIABLE.split()) == len(set(DIFFERENTIABLE.split())) == 112


def test_what_flodl_differentiates_is_differentiable():
    """All of them."""
    assert {name for name in DIFFERENTIABLE.split() if name in NAMES and not NAMES[name].spec.differentiable} == set()


@pytest.mark.parametrize("name", TABLE)
def test_an_op_gives_what_torchs_own_call_gives(name, device):
    """The same call written as a person writes it; random ops from the same seed."""
    tensors = feed(TABLE[name], device)
    own = OWN_CALLS.get(name) or getattr(torch, name, None) or getattr(F, name)
    torch.manual_seed(1)
    expected = flat(own(*tensors))
    torch.manual_seed(1)
    actual = flat(getattr(factories, name)(**TABLE[name].spec.example.kwargs)(*tensors))
    assert len(expected) == len(actual)
    for one, other in zip(expected, actual, strict=True):
        torch.testing.assert_close(other, one)


@pytest.mark.parametrize("name", TABLE)
def test_declared_defaults_are_torchs(name, device):
    """Saying a default changes nothing; that is why ops leave defaults to torch."""
    row = TABLE[name]
    call = read_call(row.call)
    tensors = feed(row, device)
    op = getattr(factories, name)(**row.spec.example.kwargs)
    for option, parameter in call.options.parameters.items():
        if parameter.default in (None, parameter.empty) or option in row.spec.example.kwargs:
            continue
        said = getattr(factories, name)(**row.spec.example.kwargs)
        said._bound[option] = parameter.default
        torch.manual_seed(1)
        expected = flat(op(*tensors))
        torch.manual_seed(1)
        for one, other in zip(expected, flat(said(*tensors)), strict=True):
            assert torch.equal(one.nan_to_num(), other.nan_to_num()), option


@pytest.mark.parametrize("name", TABLE)
def test_a_row_tells_its_tensors_and_its_outputs(name, device):
    """The names in the spec are those of the call, and as many outputs as come out."""
    row = TABLE[name]
    call = read_call(row.call)
    assert row.spec.inputs == tuple(("*" if t.starred else "") + t.name for t in call.tensors)
    out = getattr(factories, name)(**row.spec.example.kwargs)(*feed(row, device))
    assert len(row.spec.outputs) in (0, len(flat(out)))
    assert callable(function_of(row))


def test_the_table_is_data():
    """Reading it imports no torch."""
    code = "import sys, flodl_core.tensor.ops.table as t; assert len(t.TABLE) > 150; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
