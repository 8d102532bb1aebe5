"""A CSV file with a header as a data set of tensors."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from flodl_core import ComponentError, FlodlError
from flodl_core.errors import did_you_mean, join_errors
from torch import Tensor
from torch.utils.data import TensorDataset

_SHOWN = 10
"""Bad cells told at most: enough to see the pattern."""

_MOST = torch.finfo(torch.float32).max


def csv_file(
    path: str | Path,
    target: str,
    *,
    task: Literal["auto", "classes", "numbers"] = "auto",
    columns: Sequence[str] | None = None,
    delimiter: str = ",",
) -> TensorDataset:
    """Rows of numbers and a target, from a CSV file whose first line names the columns.

    Args:
        path: The file, UTF-8.
        target: The column to predict.
        task: `"classes"`: each distinct text of the target is a class, in sorted order (numbers by
            value), kept as the data set's `classes`; `"numbers"`: the target is a number.
            `"auto"`: numbers if all of it are, else classes.
        columns: The inputs, in this order; default: all but the target.
        delimiter: Between cells.

    Returns:
        Items `(input f32[F], target)`: the target is an i64 class, or f32[1].

    Raises:
        ComponentError: The file cannot be read, or a cell of it is no finite number; with the line.
    """
    header, rows = _read(Path(path), delimiter)
    chosen = [name for name in header if name != target] if columns is None else list(columns)
    for name in (target, *chosen):
        if name not in header:
            mend = did_you_mean(name, header) or f"columns: {', '.join(header)}"
            raise ComponentError(f"csv: no column is called {name!r}", where=path, mend=mend)
    if not chosen:
        raise ComponentError("csv: there is no column but the target", where=path)
    inputs = _numbers(path, rows, header, chosen)
    goal, classes = _target(path, rows, header, target, task)
    data = TensorDataset(inputs, goal)
    if classes is not None:
        data.classes = classes  # type: ignore[attr-defined]  # what readers of a data set ask for
    return data


def _read(path: Path, delimiter: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            header = [name.strip() for name in next(reader, [])]
            rows = [(reader.line_num, row) for row in reader if row]
    except (OSError, UnicodeDecodeError, csv.Error, TypeError) as error:
        raise ComponentError(f"csv: cannot read the file: {error}", where=path) from error
    if not rows:
        raise ComponentError("csv: the file has no rows below its header", where=path)
    doubled = sorted({name for name in header if header.count(name) > 1})
    if doubled:
        raise ComponentError(f"csv: two columns are called {doubled[0]!r}", where=f"{path}:1")
    for line, row in rows:
        if len(row) != len(header):
            raise ComponentError(
                f"csv: {len(row)} cells, the header names {len(header)}",
                where=f"{path}:{line}",
                mend=f"is {delimiter!r} the delimiter?",
            )
    return header, rows


def _numbers(
    path: str | Path, rows: list[tuple[int, list[str]]], header: Sequence[str], names: Sequence[str]
) -> Tensor:
    places = [(name, header.index(name)) for name in names]
    errors: list[FlodlError] = []
    values = []
    for line, row in rows:
        values.append([_number(path, line, name, row[place], errors) for name, place in places])
        if len(errors) >= _SHOWN:
            break
    if errors:
        raise join_errors(errors[:_SHOWN])
    return torch.tensor(values, dtype=torch.float32)


def _number(path: str | Path, line: int, name: str, cell: str, errors: list[FlodlError]) -> float:
    if _is_number(cell):
        value = float(cell)
        if abs(value) <= _MOST:
            return value
        said = f"{cell!r} is no finite number"  # one NaN is enough to lose a model
    else:
        said = f"{cell!r} is no number" if cell.strip() else "the cell is empty"
    mend = "leave the column out: columns=[...]" if not errors else None
    errors.append(ComponentError(f"csv: column {name!r}: {said}", where=f"{path}:{line}", mend=mend))
    return 0.0


def _target(
    path: str | Path, rows: list[tuple[int, list[str]]], header: Sequence[str], name: str, task: str
) -> tuple[Tensor, list[str] | None]:
    if task not in ("auto", "classes", "numbers"):
        raise ComponentError(f"csv: task is 'auto', 'classes' or 'numbers', got {task!r}")
    cells = [row[header.index(name)].strip() for _, row in rows]
    numeric = all(_is_number(cell) for cell in cells)
    if task == "numbers" or (task == "auto" and numeric):
        return _numbers(path, rows, header, [name]), None
    for (line, _), cell in zip(rows, cells, strict=True):
        if not cell:
            raise ComponentError(f"csv: column {name!r}: the cell is empty", where=f"{path}:{line}")
    classes = sorted(set(cells), key=(lambda text: (float(text), text)) if numeric else None)
    place: dict[str, Any] = {text: index for index, text in enumerate(classes)}
    return torch.tensor([place[cell] for cell in cells]), classes


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell  # Python's own way to write numbers
