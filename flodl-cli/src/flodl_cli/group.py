"""The `flodl` command itself: its subcommands are components, imported when they are run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, final

import click
from click.shell_completion import CompletionItem
from flodl_core.errors import AmbiguousComponent, FlodlError, PluginError, UnknownComponent, UsageError
from flodl_core.provider import Component
from flodl_core.registry import components

from flodl_cli.examples import Examples, write_examples
from flodl_cli.locate import find_target
from flodl_cli.output.human import printable
from flodl_cli.settings import Settings


@final
class ComponentGroup(click.Group):
    """A group that asks the registry: names and summaries from declarations, modules only when run.

    Built-in commands are found without loading any third-party plugin, and no plugin can shadow
    one: its command then answers to `distribution/name`.
    """

    def __init__(self, *args: Any, examples: Examples = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command's name, built-in ones first."""
        return [name for name, _ in _named_commands()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None when there is none of that name."""
        try:
            component = _find(cmd_name)
        except UnknownComponent:
            return None
        return _load(component)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments begin with, or an error that knows near names."""
        try:
            component = _find(args[0])
        except (UnknownComponent, AmbiguousComponent) as error:
            if ctx.resilient_parsing:
                return None, None, args[1:]
            raise UsageError(error.what, where="flodl", mend=error.mend) from None
        ctx.ensure_object(Settings).command = f"flodl {component.name}"
        return component.name, _load(component), args[1:]

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """Names and summaries, without importing any command."""
        commands = [CompletionItem(name, help=c.spec.summary) for name, c in _named_commands()]
        options = click.Command.shell_complete(self, ctx, incomplete)
        return [item for item in commands if item.value.startswith(incomplete)] + options

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The examples, after everything else."""
        write_examples(formatter, self.examples)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """A section for flodl's own commands, one for those of plugins."""
        named = list(_named_commands())
        for title, builtin in (("Commands", True), ("Commands of plugins", False)):
            rows = [(name, _summary(c)) for name, c in named if c.origin.builtin is builtin]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


def _named_commands() -> Iterator[tuple[str, Component]]:
    """Each command with the shortest name that means it."""
    found = sorted(components.list("command"), key=lambda c: (not c.origin.builtin, c.name, c.origin.distribution))
    taken = [component.name for component in found]
    for component in found:
        unmistakable = component.origin.builtin or taken.count(component.name) == 1
        yield (component.name if unmistakable else component.qualified), component


def _find(name: str) -> Component:
    return components.find("command", name.replace("-", "_") if "/" not in name else name)


def _load(component: Component) -> click.Command:
    command = component.load()
    if not isinstance(command, click.Command):
        raise PluginError(
            f"command {component.name!r} cannot be run: {component.spec.target} is no click.Command",
            where=str(component.origin),
            mend=f"ask {component.origin.distribution} about it",
        )
    return command


def _summary(component: Component) -> str:
    summary = printable(component.spec.summary)
    if component.origin.builtin:
        return summary
    reason = _unavailable(component)
    return f"(unavailable: {printable(reason)})" if reason else f"{summary} ({component.origin})"


def _unavailable(component: Component) -> str | None:
    """Why a command cannot run, as far as that shows without importing it."""
    try:
        component.check_requirements()
    except FlodlError as error:
        return error.what.partition(": ")[2]
    return None if find_target(component.spec.target) else f"{component.spec.target.partition(':')[0]} cannot be found"
