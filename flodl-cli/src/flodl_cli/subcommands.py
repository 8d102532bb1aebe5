"""A command that is a group of a few commands of its own."""

from __future__ import annotations

from typing import final

import click
from flodl_core.errors import UsageError, did_you_mean


@final
class CommandGroup(click.Group):
    """A group that knows near names when it is asked for a command that it has not; older clicks do not."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments begin with.

        Raises:
            UsageError: There is none of that name.
        """
        name, known = args[0], self.list_commands(ctx)
        if name in known or name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        mend = did_you_mean(name, known) or f"{ctx.command_path} --help"
        raise UsageError(f"no such command {name!r}", where=ctx.command_path, mend=mend)
