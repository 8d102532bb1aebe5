"""Plugins that misbehave cost one line each, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flodl_core.testing import fake_distribution, plugin_source

HEAD = "from flodl_core import ModuleSpec, hookimpl\n\n\n@hookimpl\n"
BROKEN = {
    "raises-at-import": "raise RuntimeError('no licence server')\n",
    "unknown-hook": HEAD + "def flodl_modulez():\n    yield from ()\n",
    "yields-garbage": HEAD + "def flodl_modules():\n    yield 42\n",
    "raises-in-hook": HEAD + "def flodl_modules():\n    raise KeyError('oops')\n    yield\n",
}

WITHOUT_TORCH = (
    "import runpy, sys; sys.modules['torch'] = None; sys.argv = ['flodl', *{!r}];"
    "runpy.run_module('flodl_cli', run_name='__main__')"
)


def install(folder: Path, name: str, source: str) -> None:
    """Write a plugin: one distribution with one module."""
    module = name.replace("-", "_")
    fake_distribution(folder, name, entry_points={module: module}, files={f"{module}.py": source})


def offering(layer: str) -> str:
    """The source of a plugin with one module."""
    return plugin_source("flodl_modules", f'ModuleSpec(name="{layer}", target="here:Layer", summary="A layer.")')


def components(text: str) -> set[tuple[str, str, str]]:
    return {(row["kind"], row["name"], row["distribution"]) for row in json.loads(text)["components"]}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_plugin_is_one_line(name, tmp_path, run_python):
    """`flodl list` exits 0, lists all the rest, and says one line that names the plugin at fault."""
    healthy = run_python("-m", "flodl_cli", "list", "--json")
    install(tmp_path, name, BROKEN[name])
    install(tmp_path, "sound", offering("sound_layer"))
    done = run_python("-m", "flodl_cli", "list", "--json", path=tmp_path)
    assert done.returncode == 0, done.stderr
    assert components(healthy.stdout) | {("module", "sound_layer", "sound")} == components(done.stdout)
    (line,) = [line for line in done.stderr.splitlines() if line not in healthy.stderr.splitlines()]
    assert f"plugin {name} 1.0" in line
    assert f"FLODL_DISABLE_PLUGINS={name}" in line


def test_plugin_that_claims_a_built_in_name(tmp_path, run_python):
    """A plugin's `linear` is listed beside the built-in, which keeps the bare name; one line says so."""
    install(tmp_path, "claims-linear", offering("linear"))
    done = run_python("-m", "flodl_cli", "list", "modules", "--json", path=tmp_path)
    assert done.returncode == 0, done.stderr
    assert {("module", "linear", "flodl-nn"), ("module", "linear", "claims-linear")} <= components(done.stdout)
    assert 1 == len([line for line in done.stderr.splitlines() if "claims-linear" in line])
    shown = run_python("-m", "flodl_cli", "show", "module", "linear", path=tmp_path)
    assert (0, True) == (shown.returncode, "flodl-nn" in shown.stdout)


def test_remedy_in_the_line_works(tmp_path, run_python):
    """FLODL_DISABLE_PLUGINS, which the line names, silences a broken plugin."""
    install(tmp_path, "raises-at-import", BROKEN["raises-at-import"])
    done = run_python("-m", "flodl_cli", "list", path=tmp_path, FLODL_DISABLE_PLUGINS="raises-at-import")
    assert (0, False) == (done.returncode, "raises-at-import" in done.stderr)


@pytest.mark.parametrize("words", [["list", "--json"], ["--help"], ["plugins"], ["show", "module", "linear"]])
def test_listing_needs_no_torch(words, run_python):
    """What only lists and explains works where torch cannot be imported, with every plugin installed."""
    done = run_python("-c", WITHOUT_TORCH.format(words))
    assert done.returncode == 0, done.stderr
