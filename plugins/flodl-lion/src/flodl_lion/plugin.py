"""What flodl is told about this distribution; nothing heavy is imported for it."""

from __future__ import annotations

from collections.abc import Iterable

from flodl_core import Example, OptimizerSpec, hookimpl


@hookimpl
def flodl_optimizers() -> Iterable[OptimizerSpec]:
    """One optimizer."""
    yield OptimizerSpec(
        name="lion",
        target="flodl_lion.lion:Lion",
        summary="Steps of one size, by the sign of a momentum; half of Adam's memory.",
        aliases=("Lion",),
        example=Example(kwargs={"lr": 1e-4, "weight_decay": 0.1}),
        oracle="flodl_lion.oracle:lion",
    )
