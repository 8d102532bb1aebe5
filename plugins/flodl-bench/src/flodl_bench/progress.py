"""What is going on, on stderr: a line for each cell that is done, and on a terminal what is being done."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, final

import click
from rich.console import Console

from flodl_bench.cell import Cell
from flodl_bench.table import said

if TYPE_CHECKING:
    from typing_extensions import Self


@final
class Progress:
    """Told of every act; shows it.

    Args:
        total: Cells to come.
    """

    def __init__(self, total: int) -> None:
        self._total, self._done = total, 0
        self._status = Console(file=sys.stderr).status("") if sys.stderr.isatty() else None

    def __enter__(self) -> Self:
        if self._status:
            self._status.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._status:
            self._status.stop()

    def __call__(self, doing: str, cell: Cell | None) -> None:
        """Something begins, or a cell is done."""
        if cell is not None:
            self._done += 1
            click.echo(f"[{self._done}/{self._total}] {said(cell)}", err=True)
        elif self._status:
            self._status.update(doing.replace("[", "("))
