"""What a run is of, and what happened to it, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flodl_monitor import About, EpochRecord


def told(about: About) -> dict[str, str]:
    """Texts by tag; what is not known has none."""
    settings, environment = table("setting", about.settings), table("environment", about.environment)
    parts = {part.path: f"{part.parameters:,}{', frozen' if part.frozen else ''}" for part in about.parts}
    model = f"**{escaped(about.title)}**\n\n{table('part', parts)}" if about.title else table("part", parts)
    texts = {"about/model": model, "about/settings": settings, "about/environment": environment}
    return {tag: text for tag, text in texts.items() if text}


def happened(record: EpochRecord) -> Iterator[str]:
    """Rules and marks of an epoch."""
    for firing in record.fired:
        yield f"rule fired: {', '.join(firing.actions)} because {firing.condition}"
    yield from record.marks


def listed(lines: Iterable[str]) -> str:
    """Lines as a list."""
    return "\n".join(f"- {escaped(line)}" for line in lines)


def table(heading: str, rows: Mapping[str, str]) -> str:
    r"""Names and values as a table; nothing of nothing.

    >>> print(table("setting", {"lr": "0.01", "a|b": "x"}))
    | setting | |
    |---|---|
    | lr | 0.01 |
    | a\|b | x |
    """
    if not rows:
        return ""
    return "\n".join([f"| {heading} | |", "|---|---|", *_rows(rows.items())])


def escaped(text: str) -> str:
    r"""Text that Markdown leaves as it is, on one line.

    >>> escaped("freeze encoder_1\n<b>")
    'freeze encoder\\_1 \\<b\\>'
    """
    return "".join(f"\\{mark}" if mark in "\\`*_{}[]<>#|" else mark for mark in " ".join(text.split()))


def _rows(items: Iterable[tuple[str, str]]) -> Iterator[str]:
    return (f"| {escaped(name)} | {escaped(value)} |" for name, value in items)
