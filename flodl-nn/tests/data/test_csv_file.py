"""A CSV file becomes tensors, or an error that says which line is wrong."""

from __future__ import annotations

import pytest
import torch
from flodl_core import ComponentError, components, ref

FLOWERS = "length,width,species\n5.1,3.5,setosa\n6.2,2.9,virginica\n4.9,3.0,setosa\n"


@pytest.fixture
def written(tmp_path):
    """Writes a file and gives the reader's data set."""

    def write(text, **options):
        path = tmp_path / "data.csv"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return components.create("dataset", ref("csv", path=str(path), **options))

    return write


def test_texts_are_classes(written):
    """In sorted order, with the names kept."""
    data = written(FLOWERS, target="species")
    inputs, targets = data.tensors
    assert data.classes == ["setosa", "virginica"]
    assert torch.tensor([0, 1, 0]).equal(targets)
    assert torch.tensor([[5.1, 3.5], [6.2, 2.9], [4.9, 3.0]]).equal(inputs)


def test_numbers_are_numbers(written):
    """One column wide, so that a linear layer's output fits."""
    data = written("a,b,y\n1,2,0.5\n3,4,1.5\n", target="y")
    assert torch.tensor([[0.5], [1.5]]).equal(data.tensors[1])
    assert not hasattr(data, "classes")


def test_numbers_may_be_classes(written):
    """When asked; in the order of their values."""
    data = written("a,y\n1,10\n3,9\n4,10\n", target="y", task="classes")
    assert data.classes == ["9", "10"]
    assert torch.tensor([1, 0, 1]).equal(data.tensors[1])


def test_columns_delimiters_and_marks(written):
    """Chosen columns in the order given; a byte order mark and blank lines do not matter."""
    data = written("\ufeffa;b;y\n1;2;3\n\n4;5;6\n", target="y", columns=["b"], delimiter=";")
    assert torch.tensor([[2.0], [5.0]]).equal(data.tensors[0])


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (
            FLOWERS,
            {"target": "specis"},
            r"no column is called 'specis'\n  at: .*\n  try: did you mean 'species'",
        ),
        ("a,y\n1,2\nx,3\n", {"target": "y"}, r"column 'a': 'x' is no number\n  at: .*data.csv:3"),
        ("a,y\n1,2\nnan,3\n", {"target": "y"}, r"column 'a': 'nan' is no finite number\n  at: .*data.csv:3"),
        ("a,y\n1,2\n1e39,3\n", {"target": "y"}, r"column 'a': '1e39' is no finite number\n  at: .*data.csv:3"),
        ("a,y\n1,2\n3,-inf\n", {"target": "y"}, r"column 'y': '-inf' is no finite number\n  at: .*data.csv:3"),
        ("a,y\n1_0,2\n", {"target": "y"}, r"column 'a': '1_0' is no number\n  at: .*data.csv:2"),
        ("a,y\n1,2\n ,3\n", {"target": "y"}, r"column 'a': the cell is empty\n  at: .*data.csv:3"),
        ("a,y\n1,u\n2,\n", {"target": "y"}, r"column 'y': the cell is empty\n  at: .*data.csv:3"),
        ("a,y\n1,u\n2,v\n", {"target": "y", "task": "numbers"}, r"2 errors\ncsv: column 'y': 'u' is no number"),
        ("a,y\n1,2,3\n", {"target": "y"}, r"3 cells, the header names 2\n  at: .*:2\n  try: is ',' the delimiter"),
        ("a,a,y\n1,2,3\n", {"target": "y"}, r"two columns are called 'a'\n  at: .*:1"),
        ("a,y\n", {"target": "y"}, "the file has no rows below its header"),
        ("", {"target": "y"}, "the file has no rows below its header"),
        ("y\n1\n", {"target": "y"}, "there is no column but the target"),
        (b"a,y\n\xff\xfe,2\n", {"target": "y"}, "cannot read the file"),
        ("a,y\n1,2\n", {"target": "y", "delimiter": ",,"}, "cannot read the file"),
        ("a,y\n1,2\n", {"target": "y", "task": "sums"}, "csv: .*'sums'"),
    ],
)
def test_a_bad_file_says_where(written, text, options, message):
    """File, line, column, cell."""
    with pytest.raises(ComponentError, match=message):
        written(text, **options)


def test_a_missing_file_is_named(tmp_path):
    """Not a traceback of `open`."""
    with pytest.raises(ComponentError, match=r"cannot read the file: .*No such file"):
        components.create("dataset", ref("csv", path=str(tmp_path / "none.csv"), target="y"))


def test_bad_cells_are_told_together_but_not_all(written):
    """Ten are enough to see the pattern."""
    with pytest.raises(ComponentError, match=r"^10 errors\n"):
        written("a,y\n" + "x,1\n" * 50, target="y")
