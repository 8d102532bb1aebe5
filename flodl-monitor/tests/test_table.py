"""The history as a table."""

from __future__ import annotations

import csv
import io

import pytest
from flodl_monitor.scalars import as_name
from flodl_monitor.table import cells_of, columns_of, line_of, read_rows, row_line
from hypothesis import given
from hypothesis import strategies as st

text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(st.lists(st.lists(text, min_size=2, max_size=5), min_size=1, max_size=5))
def test_lines_read_back_with_the_csv_module(rows):
    """Whatever the cells hold."""
    written = "".join(map(line_of, rows))
    assert rows == list(csv.reader(io.StringIO(written, newline=""), strict=True))


def test_table_with_hostile_names(record, hostile_names):
    """Each name is a column of its own, also where it is the name of a fixed one."""
    metrics = {as_name(name): float(i) for i, name in enumerate(hostile_names)}
    row = cells_of(record(metrics=metrics))
    columns = columns_of([row])
    header, cells = csv.reader(io.StringIO(line_of(columns) + row_line(row, columns), newline=""))
    table = dict(zip(header, cells, strict=True))
    assert len(hostile_names) + 2 == len(table)
    for name, value in metrics.items():
        column = f"metrics.{name}" if name in ("epoch", "seconds") else name
        assert value == float(table[column])


def test_numbers_are_exact(record):
    """A float read back is the float that was logged, NaN by its usual name."""
    cells = cells_of(record(metrics={"third": 1 / 3, "nan": float("nan")}, resources={"third": 2.0}))
    assert 1 / 3 == float(cells["third"])
    assert "nan" == cells["nan"]
    assert "2.0" == cells["resources.third"]


@pytest.mark.parametrize("foreign", ["", "a,b\n1,2\n", "epoch,seconds\n1\n", 'epoch,seconds\n"1,2\n'])
def test_other_tables_are_refused(foreign):
    """A file of somebody else's is not taken for a run."""
    with pytest.raises(ValueError, match="not a table"):
        read_rows(foreign)
