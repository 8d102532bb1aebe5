"""`flodl new`: begin a plugin or a project with something that works."""

from __future__ import annotations

from pathlib import Path

import click
from flodl_core.names import a_kind, kind_named

from flodl_cli.completion import complete_kinds
from flodl_cli.examples import ExampleCommand
from flodl_cli.scaffold.kinds import BEGINNINGS
from flodl_cli.scaffold.names import check_folder_name, package_of
from flodl_cli.scaffold.plugin import plugin_files
from flodl_cli.scaffold.project import project_files
from flodl_cli.scaffold.stage import write_folder
from flodl_cli.settings import switches
from flodl_cli.subcommands import CommandGroup

_INTO = click.option(
    "--into", default=".", metavar="FOLDER", type=click.Path(), help="Where the new folder goes; default: here."
)


@click.group("new", cls=CommandGroup)
@switches(hidden=True)
def command() -> None:
    """Begin a plugin or a project: a folder with something that works, to be changed.

    All of it is written, or nothing; a folder that is there already is left alone.
    """


@command.command(
    "plugin",
    cls=ExampleCommand,
    short_help="A distribution that brings a component to flodl.",
    examples=(
        ("flodl new plugin acme-losses --kind loss", "a loss, with tests and all"),
        ("flodl new plugin acme-layers", "a module"),
        ("flodl new plugin acme-words --kind word --into src", "elsewhere"),
    ),
)
@click.argument("name")
@click.option(
    "--kind", default="module", show_default=True, metavar="KIND", help="What it brings.", shell_complete=complete_kinds
)
@_INTO
@switches(hidden=True)
def plugin(name: str, kind: str, into: str) -> None:
    """Begin a distribution called NAME, with one small component that works.

    It installs, lists, passes its tests, mypy --strict and `flodl check` as it is. KIND is one of module, loss,
    optimizer, scheduler, merge_op, sink, initializer, op, word, dataset, probe, command.
    """
    where = "flodl new plugin"
    kind, package = kind_named(kind), package_of(name, where=where)
    contents = plugin_files(name, package, kind)
    write_folder(Path(into, name), contents, where=where)
    component = BEGINNINGS[kind].component
    click.echo(f"{Path(into, name)}: {len(contents)} files, {a_kind(kind)} called {component}")
    _say_next(
        (f"cd {Path(into, name)}", ""),
        ("pip install -e '.[test]'", "into this environment"),
        (f"flodl show {kind} {component}", "it is there by name"),
        ("pytest", "its own tests, and the contract of its kind"),
        ("flodl check .", "what flodl asks of a plugin, installed or not"),
    )


@command.command(
    "project",
    cls=ExampleCommand,
    short_help="A training run, as a file and as a program.",
    examples=(("flodl new project flowers", "then: cd flowers; flodl run experiment.toml"),),
)
@click.argument("name")
@_INTO
@switches(hidden=True)
def project(name: str, into: str) -> None:
    """Begin a folder called NAME with a training run: once as a TOML file, once as a Python program."""
    where = "flodl new project"
    check_folder_name(name, where=where)
    contents = project_files(name)
    write_folder(Path(into, name), contents, where=where)
    click.echo(f"{Path(into, name)}: {', '.join(contents)}")
    _say_next(
        (f"cd {Path(into, name)}", ""),
        ("flodl run experiment.toml", "the run, from names and values"),
        ("python train.py", "the same run, in Python"),
    )


def _say_next(*steps: tuple[str, str]) -> None:
    width = max(len(line) for line, _ in steps)
    click.echo("\nnext:")
    for line, remark in steps:
        click.echo(f"  {line:<{width}}  {remark}".rstrip())
