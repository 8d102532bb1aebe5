"""One kind of file to another."""

from __future__ import annotations

import click
from flodl_core.checkpoint import convert_checkpoint, read_metadata
from flodl_core.sizes import in_bytes

from flodl_cli.output.human import note
from flodl_cli.output.machine import print_json


def convert(source: str, target: str, like: str | None, *, as_json: bool) -> int:
    """Write it, and say what was written."""
    convert_checkpoint(source, target, like=like)
    info = read_metadata(target)
    if as_json:
        print_json({"path": target, "format": info.format, "entries": [entry.name for entry in info.entries]})
        return 0
    click.echo(f"{target}: {len(info.entries)} tensors, {in_bytes(info.size)}, {info.format}")
    if info.format != "safetensors" and not info.hashes:
        note("it has no structural hash: floDl then checks names and shapes alone")
    return 0
