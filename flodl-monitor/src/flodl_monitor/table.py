"""Records as rows of text: one column per name, quoting right."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping

from flodl_monitor.record import EpochRecord

FIXED = ("epoch", "seconds")
"""The columns that every table begins with."""


def cells_of(record: EpochRecord) -> dict[str, str]:
    """A record's cells by column, numbers exact. A name already taken gets `metrics.` or `resources.` before it.

    >>> cells_of(EpochRecord(epoch=1, total=2, seconds=0.5, metrics={"loss": 0.25, "epoch": 9.0}))
    {'epoch': '1', 'seconds': '0.5', 'loss': '0.25', 'metrics.epoch': '9.0'}
    """
    cells = {"epoch": str(record.epoch), "seconds": repr(round(record.seconds, 6))}
    for origin, numbers in (("metrics", record.metrics), ("resources", record.resources)):
        for name, value in numbers.items():
            column = name
            while column in cells:
                column = f"{origin}.{column}"
            cells[column] = repr(value)
    return cells


def columns_of(rows: Iterable[Mapping[str, str]]) -> list[str]:
    """The union of the rows' columns, in the order in which they first appear."""
    return list(dict.fromkeys(column for row in (dict.fromkeys(FIXED, ""), *rows) for column in row))


def row_line(row: Mapping[str, str], columns: Iterable[str]) -> str:
    """One row as a line; a cell that is missing is blank."""
    return line_of(row.get(column, "") for column in columns)


def line_of(cells: Iterable[str]) -> str:
    """Cells as one line of CSV (RFC 4180, with a bare newline at the end).

    >>> line_of(["a", "b,c"]).strip()
    'a,"b,c"'
    """
    return ",".join(_quoted(cell) for cell in cells) + "\n"


def read_rows(text: str) -> tuple[list[str], list[dict[str, str]]]:
    """The columns and rows of a table that this page wrote.

    Raises:
        ValueError: It is another table.
    """
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise ValueError(f"not a table: {error}") from None
    columns = lines[0] if lines else []
    if tuple(columns[: len(FIXED)]) != FIXED or any(len(line) != len(columns) for line in lines):
        raise ValueError("not a table of epochs")
    rows = [dict(zip(columns, line, strict=True)) for line in lines[1:]]
    return columns, [{column: cell for column, cell in row.items() if cell} for row in rows]


def _quoted(cell: str) -> str:
    """The csv module leaves a bare carriage return unquoted on Python 3.11, which its own reader refuses."""
    if cell.isalnum() or not any(mark in cell for mark in ',"\r\n '):
        return cell
    return '"' + cell.replace('"', '""') + '"'
