"""Examples in a command's help: lines as one would type them, kept as they are, and run by the tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

import click

Examples = Sequence[tuple[str, str]]
"""Command lines, each with what it does."""


def write_examples(formatter: click.HelpFormatter, examples: Examples) -> None:
    """Write the section, the remarks under each other."""
    width = max((len(line) for line, _ in examples), default=0)
    with formatter.section("Examples"):
        for line, remark in examples:
            formatter.write(f"  {line:<{width}}  {remark}".rstrip() + "\n")


@final
class ExampleCommand(click.Command):
    """A command whose help ends with examples."""

    def __init__(self, *args: Any, examples: Examples = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The examples, after everything else."""
        write_examples(formatter, self.examples)
