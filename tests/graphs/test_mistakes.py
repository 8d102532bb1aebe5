"""Mistakes with modules of flodl-nn: what a further output is called, which layer inside does not fit."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flodl import FlowBuilder
from flodl_core import FlodlError, ShapeError


@pytest.mark.parametrize(
    ("say", "what", "mend"),
    [
        (
            lambda: FlowBuilder("multihead_attention", 4, 2).tag(wieghts="w"),
            "multihead_attention_1 has no output 'wieghts' besides the stream",
            "did you mean 'weights'?",
        ),
        (
            lambda: FlowBuilder("lstm_cell", 4, 4).using(hx=("h", "c")).tag("h", cll="c"),
            "lstm_cell_1 has no output 'cll' besides the stream",
            "did you mean 'cell'?",
        ),
        (
            lambda: FlowBuilder("multihead_attention", 8, 3).tag(weights="w").through("gelu"),
            "num_heads must divide embed_dim, got 3 and 8",
            None,
        ),
        (
            lambda: FlowBuilder("linear", 6, 16).moe(["linear"], dim=16, topk=1).tag("mix", balance_loss="balance"),
            "moe() takes no argument 'topk'",
            "did you mean 'top_k'?",
        ),
    ],
)
def test_one_mistake_is_one_error(say: Callable[[], FlowBuilder], what: str, mend: str | None) -> None:
    """Outputs of a word that failed are no further mistakes."""
    with pytest.raises(FlodlError) as told:
        say().build()
    assert what == told.value.what
    assert mend in (None, told.value.mend)


def test_a_layer_inside_a_module_is_named() -> None:
    """With what it was given."""
    with pytest.raises(ShapeError) as told:
        FlowBuilder().also("swiglu", 3).build("f32[B,2]")
    assert told.value.what.startswith("swiglu_1.widen, Linear(")
    assert ", does not fit [B,2]: " in told.value.what
