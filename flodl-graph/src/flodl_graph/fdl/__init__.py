"""The one place that knows floDl's names for words and layers, so that `.fdl` files travel to and fro.

`replica` is a graph as the Rust framework floDl 0.2.2 would hold it, `replay` makes one of our words,
`tensors` names what its nodes hold, `digest` computes floDl's structural hash, `form` puts them together.
"""
