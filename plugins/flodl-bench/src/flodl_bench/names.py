"""The models' names: known without torch, so that a slip of the finger is told at once."""

from __future__ import annotations

MODELS = (
    "mlp",
    "convnet",
    "gru_seq",
    "transformer",
    "lstm_seq",
    "conv_autoenc",
    "residual_tower",
    "gated_routing",
    "iterative_refine",
    "feedback_fixed",
)
"""In the order of floDl's own benchmark."""

CONVOLUTIONAL = frozenset({"convnet", "conv_autoenc"})
"""Those whose first step has cuDNN try its convolutions: on a GPU that others use, it chooses badly."""
