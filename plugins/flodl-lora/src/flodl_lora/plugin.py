"""What flodl is told about this distribution; nothing heavy is imported for it."""

from __future__ import annotations

from collections.abc import Iterable

from flodl_core import Example, ModuleSpec, hookimpl


@hookimpl
def flodl_modules() -> Iterable[ModuleSpec]:
    """The adapted layer that words can name; `flodl_lora.adapt` adapts models that are there already."""
    yield ModuleSpec(
        name="lora_linear",
        target="flodl_lora.layers:LoraLinear",
        summary="A frozen linear layer with a low-rank adapter that trains.",
        category="adapter",
        aliases=("LoraLinear",),
        example=Example(args=(8, 6), kwargs={"rank": 2}, inputs=("f32[4,8]",)),
    )
