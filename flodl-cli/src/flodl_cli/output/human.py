"""Tables for people: plain, aligned, whole. Wrapped on a terminal, one line per row in a pipe."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_UNBOUNDED = 100_000
_ROOM = 20  # a last column narrower than this is read worse than lines that the terminal breaks


def printable(text: str) -> str:
    r"""Text of others on one line, without control characters: it cannot steer the terminal.

    >>> printable("two\nlines, a\x1b[31m colour")
    'two lines, a?[31m colour'
    """
    return "".join(letter if letter.isprintable() else "?" for letter in " ".join(text.split()))


def print_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under their heads, columns as wide as they need; only the last one wraps, where it has room."""
    from rich.cells import cell_len  # imported here: only human output pays for it
    from rich.table import Table
    from rich.text import Text

    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(heads, *cells, strict=True)]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_edge=False)
    for number, head in enumerate(heads):
        table.add_column(head, overflow="fold", no_wrap=number < len(heads) - 1)
    for row in cells:
        table.add_row(*map(Text, row))
    _print(table, beside=sum(widths[:-1]) + 2 * len(widths[:-1]), last=widths[-1])


def print_groups(groups: Mapping[str, Sequence[Sequence[str]]]) -> None:
    """Print rows of two columns under headings, aligned over all groups; only the second column wraps."""
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    width = max((len(row[0]) for rows in groups.values() for row in rows), default=0)
    for number, (heading, rows) in enumerate(groups.items()):
        if number:
            click.echo()
        _print(Text(printable(heading), style="bold"))
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False, show_edge=False)
        table.add_column(no_wrap=True, min_width=width)
        table.add_column(overflow="fold")
        for row in rows:
            table.add_row(*(Text(printable(cell)) for cell in row))
        _print(Padding(table, (0, 0, 0, 2)))


def is_terminal() -> bool:
    """Whether a person looks at stdout, rather than a program."""
    return sys.stdout.isatty()


def speaks(letter: str) -> bool:
    """Whether stdout can say a letter as it is."""
    try:
        letter.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def _print(drawn: RenderableType, beside: int = 0, last: int = 0) -> None:
    console = _console(beside + min(last, _ROOM))
    with console.capture() as captured:
        console.print(drawn)
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


def print_pairs(pairs: Iterable[tuple[str, str]]) -> None:
    """Print `name  value` lines, the values under each other; a name without a value is left out."""
    said = [(name, printable(value)) for name, value in pairs if value]
    width = max((len(name) for name, _ in said), default=0)
    for name, value in said:
        click.echo(f"{name:<{width}}  {value}")


def note(text: str) -> None:
    """A remark for people, beside the output: on stderr."""
    click.echo(text, err=True)


def _console(least: int) -> Console:
    """As wide as the terminal, or as what is printed where it needs more than that."""
    from rich.console import Console

    if is_terminal():
        width = shutil.get_terminal_size().columns
        return Console(file=sys.stdout, width=width if least <= width else _UNBOUNDED, highlight=False)
    return Console(file=sys.stdout, width=_UNBOUNDED, highlight=False, no_color=True, force_terminal=False)
