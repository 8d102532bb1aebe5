"""What is going on, on stderr: a line for each cell that is done, and on a terminal what is being done."""

from __future__ import annotations

import shutil
import sys
from types import TracebackType
from typing import TYPE_CHECKING, final

import click

from flodl_bench.cell import Cell
from flodl_bench.table import said

if TYPE_CHECKING:
    from typing_extensions import Self

_WIPE = "\r\x1b[2K"


@final
class Progress:
    """Told of every act; shows it. Nothing moves by itself: that would take time from what is measured.

    Args:
        total: Cells to come.
    """

    def __init__(self, total: int) -> None:
        self._total, self._done = total, 0
        self._live = sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._live:
            click.echo(_WIPE, nl=False, err=True)

    def __call__(self, doing: str, cell: Cell | None) -> None:
        """Something begins, or a cell is done."""
        wipe = _WIPE if self._live else ""
        if cell is not None:
            self._done += 1
            click.echo(f"{wipe}[{self._done}/{self._total}] {said(cell)}", err=True)
        elif self._live:
            click.echo(wipe + doing[: shutil.get_terminal_size().columns - 1], nl=False, err=True)
