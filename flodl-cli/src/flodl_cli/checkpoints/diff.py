"""Two checkpoints beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import click
from attrs import asdict
from flodl_core.checkpoint.compare import Comparison, Difference, compare_checkpoints
from flodl_core.checkpoint.info import shown

from flodl_cli.output.human import print_table
from flodl_cli.output.machine import print_json


def diff(one: str, two: str, select: Sequence[str], *, as_json: bool) -> int:
    """Show what differs; 1 when anything does."""
    found = compare_checkpoints(one, two, select)
    if as_json:
        differences = [_as_data(difference) for difference in found.differences]
        hashes = [{"name": name, "one": first, "two": second} for name, first, second in found.hashes]
        print_json({"alike": found.alike, "same": list(found.same), "differences": differences, "hashes": hashes})
    else:
        _print(found)
    return 0 if found.alike else 1


def _print(found: Comparison) -> None:
    for name, first, second in found.hashes:
        click.echo(f"{name} hash  {shown(first)} | {shown(second)}")
    if found.differences:
        print_table(["name", "differs", "first", "second", "largest difference"], map(_row, found.differences))
        click.echo()
    said = f"{len(found.differences)} of {len(found.same) + len(found.differences)} entries differ"
    click.echo(said if found.differences else f"{len(found.same)} entries, alike bit for bit")


def _row(difference: Difference) -> list[str]:
    apart = "" if difference.largest is None else f"{difference.largest:.4g} ({difference.relative:.2g} of the largest)"
    return [shown(difference.name), difference.kind, difference.one or "-", difference.two or "-", apart]


def _as_data(difference: Difference) -> dict[str, object]:
    """JSON has no infinity: such a distance is null."""
    return {
        key: value if not isinstance(value, float) or isfinite(value) else None
        for key, value in asdict(difference).items()
    }
