"""Vectors for things that are counted, and for where they stand."""

from __future__ import annotations

from flodl_nn.catalogue.entry import ex, module

_EMBEDDING, _POSITION = "embedding", "position"

EMBEDDINGS = (
    module("embedding", "Embedding", "A learned vector for each index.", _EMBEDDING, ex(10, 4, feed="i64[2,5]")),
    module(
        "embedding_bag",
        "EmbeddingBag",
        "The sum, mean or maximum of the vectors of a bag of indices.",
        _EMBEDDING,
        ex(10, 4, feed="i64[2,5]"),
    ),
    module(
        "learned_positions",
        "flodl_nn.modules.positions:LearnedPositions",
        "A learned vector for each place, added to the tokens.",
        _POSITION,
        ex(8, length=16, feed="f32[2,5,8]"),
        "positional_embedding",
    ),
    module(
        "sinusoidal_positions",
        "flodl_nn.modules.positions:SinusoidalPositions",
        "Sines and cosines of each place, added to the tokens.",
        _POSITION,
        ex(8, feed="f32[2,5,8]"),
        "positional_encoding",
    ),
    module(
        "rotary_embedding",
        "flodl_nn.modules.rotary:RotaryEmbedding",
        "Queries and keys turned by an angle that grows with their place.",
        _POSITION,
        ex(4, feed="f32[2,3,5,4]"),
        "rope",
    ),
)
