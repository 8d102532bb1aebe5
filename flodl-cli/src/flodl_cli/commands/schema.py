"""`flodl schema`: the experiment file as a JSON Schema, for editors."""

from __future__ import annotations

import json

import click

from flodl_cli.examples import ExampleCommand
from flodl_cli.experiment.json_schema import experiment_schema
from flodl_cli.settings import switches


@click.command(
    "schema",
    cls=ExampleCommand,
    examples=(
        ("flodl schema > flodl.schema.json", "beside the experiments, which begin with:"),
        ("#:schema flodl.schema.json", "their first line, for editors that read TOML by taplo"),
    ),
)
@switches(hidden=True)
def command() -> None:
    """Print a JSON Schema of experiment files, with which an editor completes and checks them.

    It holds the tables and their keys, and every name that is registered here: make it again after a plugin is
    installed. What it cannot see, a component's own arguments, `flodl run FILE.toml --check` does.
    """
    click.echo(json.dumps(experiment_schema(), indent=2))
