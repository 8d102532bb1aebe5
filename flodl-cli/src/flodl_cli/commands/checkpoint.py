"""`flodl checkpoint`: what is in model files, whether they are whole, how two differ; and other kinds of them."""

from __future__ import annotations

import click
from flodl_core.errors import MissingDistribution

from flodl_cli.examples import ExampleCommand
from flodl_cli.locate import find_module
from flodl_cli.settings import switches
from flodl_cli.subcommands import CommandGroup

_JSON = click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")


@click.group("checkpoint", cls=CommandGroup)
@switches(hidden=True)
def command() -> None:
    """Look into model files: safetensors, .fdl, .fdl.gz, and folders of training states.

    Exit code 1 for findings: damage, differences, names that do not settle.
    """
    if find_module("torch") is None:
        raise MissingDistribution("flodl checkpoint needs torch", mend="pip install 'flodl-core[torch]'")


@command.command(
    "inspect",
    cls=ExampleCommand,
    short_help="What a file holds: names, types, shapes, sizes, norms.",
    examples=(
        ("flodl checkpoint inspect model.safetensors", "every tensor with its norm and range"),
        ("flodl checkpoint inspect model.fdl 'encoder*'", "some of them"),
    ),
)
@click.argument("path", type=click.Path())
@click.argument("globs", metavar="[GLOB]...", nargs=-1)
@_JSON
@switches(hidden=True)
def inspect(path: str, globs: tuple[str, ...], as_json: bool) -> int:
    """Show what a file holds: names, types, shapes, sizes, norms, ranges, hashes."""
    from flodl_cli.checkpoints import inspect as room

    return room.inspect(path, globs, as_json=as_json)


@command.command(
    "diff",
    cls=ExampleCommand,
    short_help="Two files, entry by entry.",
    examples=(("flodl checkpoint diff before.safetensors after.safetensors", "what training changed"),),
)
@click.argument("one", type=click.Path())
@click.argument("two", type=click.Path())
@click.argument("globs", metavar="[GLOB]...", nargs=-1)
@_JSON
@switches(hidden=True)
def diff(one: str, two: str, globs: tuple[str, ...], as_json: bool) -> int:
    """Compare two files by name, of any kinds; exit code 1 when they differ."""
    from flodl_cli.checkpoints import diff as room

    return room.diff(one, two, globs, as_json=as_json)


@command.command(
    "verify",
    cls=ExampleCommand,
    short_help="Whether files and training states are whole.",
    examples=(("flodl checkpoint verify model.safetensors runs/one", "a file, and every state of a run"),),
)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path())
@_JSON
@switches(hidden=True)
def verify(paths: tuple[str, ...], as_json: bool) -> int:
    """Read every byte and compare it with its digest; exit code 1 when something is damaged."""
    from flodl_cli.checkpoints import verify as room

    return room.verify(paths, as_json=as_json)


@command.command(
    "convert",
    cls=ExampleCommand,
    short_help="A file as another kind: safetensors, .fdl, .fdl.gz.",
    examples=(
        ("flodl checkpoint convert model.safetensors model.fdl", "for the Rust floDl"),
        ("flodl checkpoint convert theirs.fdl mine.safetensors --like model.safetensors", "and back"),
        ("flodl checkpoint convert weights.pt weights.safetensors", "a torch state_dict, opened safely"),
    ),
)
@click.argument("source", type=click.Path())
@click.argument("target", type=click.Path())
@click.option("--like", type=click.Path(), metavar="FILE", help="A file of the same graph, to take its names from.")
@_JSON
@switches(hidden=True)
def convert(source: str, target: str, like: str | None, as_json: bool) -> int:
    """Write a file as another kind, told by the name: .safetensors, .fdl, .fdl.gz.

    A torch file (.pt, .pth, .bin, .ckpt) is opened with weights_only=True, by torch 2.10 or later.
    """
    from flodl_cli.checkpoints import convert as room

    return room.convert(source, target, like, as_json=as_json)


@command.command(
    "migrate",
    cls=ExampleCommand,
    short_help="Old names to the ones the model has now.",
    examples=(
        ("flodl checkpoint migrate old.fdl --like model.safetensors", "what would become what"),
        ("flodl checkpoint migrate old.fdl new.safetensors --like model.safetensors --guess", "write it"),
    ),
)
@click.argument("old", type=click.Path())
@click.argument("new", required=False, type=click.Path())
@click.option("--like", required=True, type=click.Path(), metavar="FILE", help="The model as it is now, saved.")
@click.option("--map", "said", multiple=True, metavar="OLD=NEW", help="An entry's old and new name; may be repeated.")
@click.option("--guess", is_flag=True, help="Take guesses where one entry alone fits.")
@_JSON
@switches(hidden=True)
def migrate(old: str, new: str | None, like: str, said: tuple[str, ...], guess: bool, as_json: bool) -> int:
    """Give a file's entries the names that the model has now. What is ambiguous is never guessed."""
    from flodl_cli.checkpoints import migrate as room

    return room.migrate(old, new, like, said, guess=guess, as_json=as_json)
