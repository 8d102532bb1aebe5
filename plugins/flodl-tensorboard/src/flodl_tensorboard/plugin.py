"""What flodl is told about this distribution."""

from __future__ import annotations

from collections.abc import Iterable

from flodl_core import Example, SinkSpec, hookimpl


@hookimpl
def flodl_sinks() -> Iterable[SinkSpec]:
    """One sink."""
    yield SinkSpec(
        name="tensorboard",
        target="flodl_tensorboard.sink:TensorBoard",
        summary="Event files for TensorBoard: scalars by name, settings, marks; whole after a crash.",
        example=Example(args=("run.tensorboard",)),
    )
