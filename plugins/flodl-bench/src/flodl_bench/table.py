"""The tables, for people: a block for each model, all models at a glance, kernels."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from flodl_bench.cell import Cell
from flodl_bench.sides import SIDES

_UNBOUNDED = 100_000
_GAP_US = 0.8  # what a replay may lose between two kernels


def print_models(cells: Sequence[Cell], models: Iterable[str], batches: int, rounds: int) -> None:
    """A block for each model that has a cell: time, spread, against PyTorch eager, memory, final loss.

    Args:
        batches: Of an epoch; a guest's own number is said where it is another.
        rounds: How many were wanted.
    """
    on_gpu = any(cell.vram_mb is not None or cell.vram_reserved_mb is not None for cell in cells)
    memory = ("active MiB", "reserved MiB") if on_gpu else ("process MiB",)
    for model in models:
        mine = [cell for cell in cells if cell.name == model]
        if not mine:
            continue
        first = next((cell for cell in mine if cell.side == next(iter(SIDES))), None)
        table = _table(model, "ms", "±", "speed", *memory, "loss", "off by")
        for cell in mine:
            table.add_row(_title(cell, batches, rounds), *_row(cell, first, on_gpu=on_gpu))
        click.echo()
        _print(table)
        for cell in mine:
            if cell.error:
                click.echo(_printable(f"{cell.side} failed: {cell.error}"))


def print_overview(cells: Sequence[Cell], models: Iterable[str]) -> None:
    """All models at a glance: a row for each, a column for each side, milliseconds."""
    shown = [model for model in models if any(cell.name == model for cell in cells)]
    sides = list(dict.fromkeys(cell.side for cell in cells))
    if len(shown) < 2:
        return
    found = {(cell.name, cell.side): cell for cell in cells}
    table = _table("ms per epoch", *(side.replace("-", "\n").replace(": ", "\n") for side in sides))
    for model in shown:
        table.add_row(model, *(_time(found.get((model, side))) for side in sides))
    click.echo()
    _print(table)


def print_kernels(cells: Iterable[Cell], batches: int) -> None:
    """What a captured epoch takes, and the kernels that it runs: little may be lost between them."""
    counted = [cell for cell in cells if cell.kernels is not None and cell.kernel_us is not None]
    if not counted:
        return
    table = _table("kernels", "side", "per step", "ms per epoch", "+ 0.8 us each", "measured", "")
    for cell, bound in zip(counted, _bounds(counted, batches), strict=True):
        inside = cell.median_epoch_ms is not None and cell.median_epoch_ms <= bound
        table.add_row(
            cell.name,
            cell.side,
            f"{cell.kernels:.0f}",
            _number((cell.kernel_us or 0.0) * batches / 1e3),
            _number(bound),
            _number(cell.median_epoch_ms),
            "" if cell.median_epoch_ms is None else "kept" if inside else "missed",
        )
    click.echo()
    _print(table)


def print_left_out(left_out: Mapping[str, Sequence[str]], strangers: Sequence[Cell]) -> None:
    """Why some sides are not in the table, and which results of guests."""
    unknown = {"no model of this benchmark": [f"{cell.name} of {cell.side}" for cell in strangers]} if strangers else {}
    for reason, names in {**left_out, **unknown}.items():
        click.echo(_printable(f"left out, {reason}: {', '.join(names)}"), err=True)


def said(cell: Cell) -> str:
    """One line for a cell that is done.

    >>> said(Cell(name="mlp", side="eager", epoch_times_ms=(2.0, 4.0), median_epoch_ms=3.0))
    'mlp eager: 3.00 ms ± 1.48'
    """
    if cell.error:
        return _printable(f"{cell.name} {cell.side} failed: {cell.error}")
    spread = f" ± {_number(cell.spread_ms)}" if cell.spread_ms is not None else ""
    return f"{cell.name} {cell.side}: {_number(cell.median_epoch_ms)} ms{spread}"


def _bounds(cells: Iterable[Cell], batches: int) -> Iterator[float]:
    for cell in cells:
        yield ((cell.kernel_us or 0.0) + _GAP_US * (cell.kernels or 0.0)) * batches / 1e3


def _title(cell: Cell, batches: int, rounds: int) -> str:
    side = SIDES.get(cell.side)
    if side is None:
        other = cell.batches_per_epoch
        return cell.side + (f" (of {other:.0f} batches)" if other not in (None, batches) else "")
    return side.title + (f" ({cell.rounds} of {rounds} rounds)" if 0 < cell.rounds < rounds else "")


def _row(cell: Cell, first: Cell | None, *, on_gpu: bool) -> list[str]:
    memory = (cell.vram_mb, cell.vram_reserved_mb) if on_gpu else (cell.rss_mb,)
    return [
        "failed" if cell.error and cell.median_epoch_ms is None else _number(cell.median_epoch_ms),
        _number(cell.spread_ms),
        _speed(cell, first),
        *("" if each is None else f"{each:,.0f}" for each in memory),
        "" if cell.final_loss is None else f"{cell.final_loss:.4g}",
        _off(cell, first),
    ]


def _speed(cell: Cell, first: Cell | None) -> str:
    """How many times as fast as the first side."""
    if first is None or not first.median_epoch_ms or not cell.median_epoch_ms:
        return ""
    return f"{first.median_epoch_ms / cell.median_epoch_ms:.2f}x"


def _off(cell: Cell, first: Cell | None) -> str:
    """How far the final loss is from the first side's, in parts of it."""
    if first is None or cell is first or cell.final_loss is None or not first.final_loss:
        return ""
    off = abs(cell.final_loss / first.final_loss - 1)
    return "0" if off == 0 else f"{off:.0e}"


def _time(cell: Cell | None) -> str:
    if cell is None:
        return ""
    return _number(cell.median_epoch_ms) if cell.median_epoch_ms is not None else "failed"


def _number(value: float | None) -> str:
    """Three figures or more; four thousand milliseconds need no fraction.

    >>> _number(0.12345), _number(23.456), _number(1234.5)
    ('0.123', '23.5', '1,234')
    """
    if value is None:
        return ""
    digits = 3 if value < 1 else 2 if value < 10 else 1 if value < 1000 else 0
    return f"{value:,.{digits}f}"


def _table(*heads: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_edge=False)
    for number, head in enumerate(heads):
        words = head in ("side", "")
        table.add_column(Text(head), justify="left" if number == 0 or words else "right", overflow="fold")
    return table


def _print(table: Table) -> None:
    """As wide as the terminal; whole lines in a pipe."""
    terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if terminal else _UNBOUNDED
    console = Console(file=sys.stdout, width=width, highlight=False, no_color=not terminal, force_terminal=terminal)
    with console.capture() as captured:
        console.print(table)
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


def _printable(text: str) -> str:
    """What others said, on one line, without what could steer a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in " ".join(text.split()))
