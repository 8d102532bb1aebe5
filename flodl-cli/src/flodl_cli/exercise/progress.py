"""What is going on, on stderr: a bar on a terminal, a line per component elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, final

from flodl_core.provider import Component
from flodl_core.testing import Result

from flodl_cli.exercise.tally import count, said
from flodl_cli.output.human import note, printable

if TYPE_CHECKING:
    from rich.progress import Progress


@final
class Watch:
    """Tells which check of which component is running, and what became of the last one.

    Args:
        total: Components to come.
    """

    def __init__(self, total: int) -> None:
        self.now = "nothing yet"
        self._total, self._done = total, 0
        self._stream = sys.stderr  # a component's own output is swallowed by replacing it meanwhile
        self._bar = _bar(total) if sys.stderr.isatty() else None

    def __enter__(self) -> Watch:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._bar:
            self._bar.stop()

    def started(self, component: Component, check: str) -> None:
        """A check begins."""
        self.now = f"{component.kind} {component.qualified}, check {check!r}"
        if self._bar:
            self._bar.update(self._bar.task_ids[0], description=f"{component.kind} {component.name}: {check}")

    def finished(self, component: Component, results: list[Result]) -> None:
        """A component is done."""
        self._done += 1
        line = printable(f"{component.kind} {component.qualified}: {said(count(results))}")
        failed = any(result.outcome == "failed" for result in results)
        if not self._bar:
            note(f"[{self._done}/{self._total}] {line}")
            return
        if failed:
            self._bar.console.print(line, markup=False, highlight=False, style="red")
        self._bar.advance(self._bar.task_ids[0])


def _bar(total: int) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    console = Console(file=sys.stderr)
    bar = Progress(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False)
    bar.add_task("", total=total)
    return bar
