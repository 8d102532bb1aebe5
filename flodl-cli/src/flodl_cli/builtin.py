"""The plugin: the commands that flodl itself brings, by the same hook as anybody's."""

from __future__ import annotations

from collections.abc import Iterator

from flodl_core.component import CommandSpec
from flodl_core.hookspecs import hookimpl

_COMMANDS = {
    "list": "What can be used: modules, losses, optimizers, ... of every plugin.",
    "show": "One component: where it comes from, its parameters, an example.",
    "plugins": "The plugins: what each brings, what failed, how to disable one.",
    "doctor": "What is wrong with this installation, and how to mend it.",
    "exercise": "Prove components on this machine: gradients, values, copies, states.",
    "check": "What flodl asks of a plugin: metadata, names, documentation, contracts.",
    "new": "Begin a plugin or a project with something that works.",
    "run": "Train what an experiment file describes.",
    "schema": "A JSON Schema of experiment files, for editors that complete and check them.",
    "watch": "A live or finished run in the browser, from its event log.",
    "checkpoint": "Model files: what is in them, whether they are whole, other kinds of them.",
    "completion": "A script that lets the shell complete commands and names.",
}


@hookimpl
def flodl_commands() -> Iterator[CommandSpec]:
    """One file of `flodl_cli.commands` each."""
    for name, summary in _COMMANDS.items():
        yield CommandSpec(name=name, target=f"flodl_cli.commands.{name}:command", summary=summary)
