"""What the README of a new plugin shows is so: its TOML builds, its Python runs, its commands end well."""

from __future__ import annotations

import re
import sys

import pytest
import torch
from flodl import FlowBuilder, components, ref
from flodl_cli.main import main
from flodl_core.component import KINDS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TABLES = {"data": "dataset", "loss": "loss", "optimizer": "optimizer", "schedule": "scheduler"}


def usage(folder):
    """The fenced blocks between the installation and the development."""
    text = (folder / "README.md").read_text().partition("Installed, it is there")[2].partition("## Change it")[0]
    return [(match[1], match[2]) for match in FENCE.finditer(text)]


def build(table, settings):
    """Make what one table of an experiment names."""
    if table == "model":
        assert FlowBuilder.from_tables(settings["flow"], None).build() is not None
    elif table == "monitor":
        for sink in settings["sinks"][1:]:
            components.create("sink", ref(sink["use"], path=sink["path"]))
    else:
        before = [[torch.nn.Parameter(torch.zeros(2))]] if table == "optimizer" else []
        options = {key: value for key, value in settings.items() if key not in ("use", "args")}
        assert (
            components.create(TABLES[table], ref(settings["use"], *settings.get("args", ()), **options), *before)
            is not None
        )


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_as_shown(kind, new_plugins, tmp_path, monkeypatch, capsys):
    """Each block of how to use it."""
    monkeypatch.chdir(tmp_path)
    shown = usage(new_plugins[kind])
    assert shown, "it shows nothing"
    for language, text in shown:
        if language == "toml":
            for table, settings in tomllib.loads(text).items():
                build(table, settings)
        elif language == "python":
            exec(compile(text, "README.md", "exec"), {"model": torch.nn.Linear(2, 2), "logits": torch.zeros(2, 3)})
        else:
            for line in text.splitlines():
                assert 0 == main(line.split()[1:]), line
    capsys.readouterr()
