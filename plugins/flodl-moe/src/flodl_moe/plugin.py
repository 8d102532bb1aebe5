"""What flodl is told about this distribution; nothing heavy is imported for it."""

from __future__ import annotations

from collections.abc import Iterable

from flodl_core import Example, WordSpec, hookimpl, ref


@hookimpl
def flodl_words() -> Iterable[WordSpec]:
    """One word."""
    yield WordSpec(
        name="moe",
        target="flodl_moe.word:Moe",
        summary="Run for each token the few experts that a router chooses.",
        example=Example(
            args=((ref("linear", 8, 8), ref("linear", 8, 8), "gelu"),),
            kwargs={"dim": 8, "top_k": 2},
            inputs=("f32[4,8]",),
        ),
    )
