"""Tokens that look at each other, and whole transformers."""

from __future__ import annotations

from flodl_core import ref

from flodl_nn.catalogue.entry import ex, module

_ATTENTION, _TRANSFORMER = "attention", "transformer"
_TOKENS = "f32[2,5,8]"
_LAYER = {"dim_feedforward": 16, "batch_first": True}

ATTENTION = (
    module(
        "multihead_attention",
        "flodl_nn.modules.attention:MultiheadAttention",
        "Every token a mix of the tokens it attends to, in several heads; batch first.",
        _ATTENTION,
        ex(8, 2, feed=_TOKENS),
        outputs="output weights",
    ),
    module(
        "grouped_query_attention",
        "flodl_nn.modules.attention:GroupedQueryAttention",
        "Attention whose heads share keys and values in groups.",
        _ATTENTION,
        ex(8, 4, groups=2, feed=_TOKENS),
        outputs="output weights",
    ),
    module(
        "transformer",
        "Transformer",
        "Encoder and decoder, as in the paper.",
        _TRANSFORMER,
        ex(8, 2, num_encoder_layers=1, num_decoder_layers=1, **_LAYER, feed=f"{_TOKENS} {_TOKENS}"),
    ),
    module(
        "transformer_encoder_layer",
        "TransformerEncoderLayer",
        "Self-attention and feed-forward, each with a residual and a norm.",
        _TRANSFORMER,
        ex(8, 2, **_LAYER, feed=_TOKENS),
    ),
    module(
        "transformer_decoder_layer",
        "TransformerDecoderLayer",
        "An encoder layer that also attends to a memory.",
        _TRANSFORMER,
        ex(8, 2, **_LAYER, feed=f"{_TOKENS} {_TOKENS}"),
    ),
    module(
        "transformer_encoder",
        "TransformerEncoder",
        "Several copies of an encoder layer.",
        _TRANSFORMER,
        ex(ref("transformer_encoder_layer", 8, 2, **_LAYER), 2, feed=_TOKENS),
    ),
    module(
        "transformer_decoder",
        "TransformerDecoder",
        "Several copies of a decoder layer.",
        _TRANSFORMER,
        ex(ref("transformer_decoder_layer", 8, 2, **_LAYER), 2, feed=f"{_TOKENS} {_TOKENS}"),
    ),
)
