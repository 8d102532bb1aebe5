"""`flodl completion`: the shell's side of completion; the names come from the registry as one types."""

from __future__ import annotations

import os
from pathlib import Path

import click
from click.shell_completion import get_completion_class
from flodl_core.errors import UsageError

from flodl_cli.completion import COMPLETE
from flodl_cli.examples import ExampleCommand
from flodl_cli.settings import switches

_SHELLS = ("bash", "zsh", "fish")


@click.command(
    "completion",
    cls=ExampleCommand,
    examples=(
        ('eval "$(flodl completion bash)"', "in ~/.bashrc"),
        ('eval "$(flodl completion zsh)"', "in ~/.zshrc"),
        ("flodl completion fish > ~/.config/fish/completions/flodl.fish", ""),
    ),
)
@click.argument("shell", type=click.Choice(_SHELLS), required=False)
@switches(hidden=True)
@click.pass_context
def command(context: click.Context, shell: str | None) -> None:
    """Print a script that lets a shell complete commands, kinds and names.

    Without SHELL, for the one that $SHELL names. Completion never imports torch.
    """
    made = get_completion_class(shell or _own_shell())
    assert made is not None
    root = context.find_root()
    click.echo(made(root.command, {}, "flodl", COMPLETE).source())


def _own_shell() -> str:
    name = Path(os.environ.get("SHELL", "")).name
    if name not in _SHELLS:
        raise UsageError(
            f"no completion for the shell {name!r}" if name else "$SHELL does not say which shell this is",
            where="flodl completion",
            mend="flodl completion bash, zsh or fish",
        )
    return name
