"""docs/reference/cli.md says what the schema and the commands say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from attrs import NOTHING, fields
from flodl_cli.builtin import flodl_commands
from flodl_cli.experiment.schema import TABLES
from flodl_cli.main import cli

PAGE = (Path(__file__).resolve().parent.parent.parent / "docs" / "reference" / "cli.md").read_text()


def default(key):
    """A default as the page shows it: in TOML's words."""
    if key.default is NOTHING:
        return "required"
    if key.default is None or key.default == ():
        return ""
    value = list(key.default) if isinstance(key.default, tuple) else key.default
    return f"`{json.dumps(value)}`"


def table(name):
    """The rows of a table of the experiment file."""
    keys = [key for key in fields(TABLES[name]) if "form" in key.metadata]
    return [f"| `{k.name}` | {k.metadata['form'].expects} | {default(k)} | {k.metadata['help']} |" for k in keys]


@pytest.mark.parametrize("name", TABLES)
def test_every_key_is_on_the_page(name):
    """Each table of an experiment file has its heading and a row per key, in the words of the schema."""
    section = PAGE.partition(f"### `[{name}]`")[2].partition("###")[0]
    assert table(name) == [line for line in section.splitlines() if line.startswith("| `")]


@pytest.mark.parametrize("spec", list(flodl_commands()), ids=lambda spec: spec.name)
def test_every_command_is_on_the_page(spec):
    """Each command has a heading, and each of its options is named."""
    heading = re.compile(rf"^## `flodl {spec.name}(?=[ `])", re.MULTILINE)
    section = heading.split(PAGE, 1)[1].partition("\n## ")[0]
    command = cli.get_command(cli.make_context("flodl", [spec.name]), spec.name)
    shown = [
        option for parameter in command.params if not getattr(parameter, "hidden", False) for option in parameter.opts
    ]
    for option in shown:
        assert not option.startswith("-") or f"`{option}" in section, option


def test_every_switch_is_on_the_page():
    """The switches that every command takes are named."""
    for parameter in cli.params:
        assert f"`{parameter.opts[0]}`" in PAGE
