"""A checkpoint for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
from flodl_core.checkpoint.info import CheckpointInfo, Entry, shown
from flodl_core.checkpoint.survey import Statistics, Survey, files_at, survey_checkpoint
from flodl_core.sizes import in_bytes

from flodl_cli.output.human import print_pairs, print_table
from flodl_cli.output.machine import print_json


def inspect(path: str, select: Sequence[str], *, as_json: bool) -> int:
    """Show what is in a file, or in the newest state of a run's folder."""
    surveys = [survey_checkpoint(file, select) for file in files_at(path)]
    if as_json:
        print_json({"files": [_as_data(found) for found in surveys]})
        return 0
    for number, found in enumerate(surveys):
        click.echo("\n" if number else "", nl=False)
        _print(found)
    return 0


def _print(found: Survey) -> None:
    info = found.info
    print_pairs(
        [
            ("file", str(info.path)),
            ("kind", _kind(info)),
            ("holds", f"{len(info.entries):,} tensors, {in_bytes(info.size)}"),
            ("shared", ", ".join(f"{alias} = {name}" for alias, name in info.aliases.items())),
            *((f"{name} hash", value) for name, value in info.hashes.items()),
            ("words", "" if info.words is None else "yes: flodl.load() builds the model"),
            ("checked", "every byte" if info.digested else "no: it has no digests"),
        ]
    )
    if found.entries:
        click.echo()
        heads = ["name", "type", "size", "norm", "smallest", "largest", ""]
        print_table(heads, [_row(entry, numbers) for entry, numbers in found.entries])


def _kind(info: CheckpointInfo) -> str:
    if info.format == "safetensors":
        return f"safetensors, flodl's version {info.version}" if info.version else "safetensors of another tool"
    return f"{info.format}, version {info.version}"


def _row(entry: Entry, numbers: Statistics) -> list[str]:
    remark = f"{numbers.not_finite:,} not finite" if numbers.not_finite else ""
    values = (numbers.norm, numbers.smallest, numbers.largest)
    return [shown(entry.name), entry.form, in_bytes(entry.size), *map(_number, values), remark]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _as_data(found: Survey) -> dict[str, Any]:
    info = found.info
    return {
        "path": str(info.path),
        "format": info.format,
        "version": info.version,
        "digested": info.digested,
        "hashes": dict(info.hashes),
        "aliases": dict(info.aliases),
        "words": info.words,
        "origins": dict(info.origins),
        "entries": [_entry_as_data(entry, numbers) for entry, numbers in found.entries],
    }


def _entry_as_data(entry: Entry, numbers: Statistics) -> dict[str, Any]:
    return {
        "name": entry.name,
        "dtype": entry.dtype.lower(),
        "shape": list(entry.shape),
        "bytes": entry.size,
        "digest": entry.digest,
        "norm": numbers.norm,
        "smallest": numbers.smallest,
        "largest": numbers.largest,
        "not_finite": numbers.not_finite,
    }
