"""What `graph.profile` found: a value that prints as a table."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import final

from attrs import frozen
from flodl_core import PathError
from flodl_core.errors import did_you_mean


@final
@frozen
class Row:
    """The times of one node, or of one module inside it, per call of the graph, averaged.

    Args:
        path: Dotted path.
        calls: How often it was called: a loop's body several times.
        forward: Milliseconds, with all that is inside it.
        backward: Milliseconds, likewise; 0 where nothing learns.
        share: Of the whole graph's time, from 0 to 1.
    """

    path: str
    calls: float
    forward: float
    backward: float
    share: float

    @property
    def total(self) -> float:
        """Milliseconds, forward and backward."""
        return self.forward + self.backward


@final
@frozen
class Profile:
    """Where a graph's time goes.

    Args:
        device: Where it ran: `"cpu"`, `"cuda:0"`.
        repeat: How many calls were averaged.
        forward: Milliseconds of a whole forward.
        backward: Milliseconds of a whole backward.
        rows: Nodes in the graph's order, each followed by what is inside it.
    """

    device: str
    repeat: int
    forward: float
    backward: float
    rows: tuple[Row, ...]

    def __getitem__(self, path: str) -> Row:
        """The row of a path.

        Raises:
            PathError: It was never called, or there is none.
        """
        for row in self.rows:
            if row.path == path:
                return row
        raise PathError(f"{path!r} was not timed", mend=did_you_mean(path, [row.path for row in self.rows]))

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    @property
    def leaves(self) -> tuple[Row, ...]:
        """The rows with no other inside them."""
        outer = {row.path[:index] for row in self.rows for index, letter in enumerate(row.path) if letter == "."}
        return tuple(row for row in self.rows if row.path not in outer)

    @property
    def hottest(self) -> Row:
        """The row that takes longest, among those with no other inside them."""
        return max(self.leaves, key=lambda row: row.total)

    @property
    def heat(self) -> Mapping[str, float]:
        """Path to time, as a share of the hottest row's: from 0 to 1."""
        most = self.hottest.total if self.rows else 0.0
        return {row.path: min(row.total / most, 1.0) if most else 0.0 for row in self.rows}

    def __str__(self) -> str:
        """The table: `print(profile)`."""
        head = ("part", "calls", "forward ms", "backward ms", "share")
        paths = {row.path for row in self.rows}
        body = [_cells(row, paths) for row in self.rows]
        foot = ("total", "", _ms(self.forward), _ms(self.backward), "100.0%")
        widths = [max(len(line[column]) for line in (head, *body, foot)) for column in range(len(head))]
        lines = [_line(line, widths) for line in (head, *body, foot)]
        rule = "-" * max(len(line) for line in lines)
        calls = f"{self.repeat} call{'s' if self.repeat > 1 else ''}"
        return "\n".join([f"on {self.device}, mean of {calls}", rule, lines[0], rule, *lines[1:-1], rule, lines[-1]])


def _cells(row: Row, paths: Collection[str]) -> tuple[str, ...]:
    """The cells of a row; its name is what its path adds to the row that it is inside."""
    outer = [row.path[:index] for index, letter in enumerate(row.path) if letter == "." and row.path[:index] in paths]
    name = row.path[len(outer[-1]) + 1 :] if outer else row.path
    calls = f"{row.calls:g}"
    return ("  " * len(outer) + name, calls, _ms(row.forward), _ms(row.backward), f"{row.share:.1%}")


def _ms(milliseconds: float) -> str:
    return f"{milliseconds:.3f}"


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    return "  ".join([f"{first[0]:<{first[1]}}", *(f"{cell:>{width}}" for cell, width in others)])
