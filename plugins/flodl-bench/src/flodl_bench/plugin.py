"""What flodl is told about this distribution: one command, imported when it is called."""

from __future__ import annotations

from collections.abc import Iterator

from flodl_core import CommandSpec, hookimpl


@hookimpl
def flodl_commands() -> Iterator[CommandSpec]:
    """`flodl bench`."""
    yield CommandSpec(
        name="bench",
        target="flodl_bench.command:command",
        summary="Ten models, trained by PyTorch and by flodl side by side: time, memory, loss.",
    )
