"""`flodl plugins`, and what broken plugins do to the rest: nothing."""

from __future__ import annotations

import json

import pytest

BROKEN = {
    "raises": ("flodl_ops", (), "raise RuntimeError('at import')"),
    "syntax": ("flodl_ops", (), "def (:"),
    "exits": ("flodl_ops", (), "import sys; sys.exit(3)"),
    "misses": ("flodl_ops", (), "import not_installed_anywhere"),
    "garbage": ("flodl_ops", ("42",), ""),
    "unknown-hook": ("flodl_lossses", (), ""),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_plugin_is_one_line_and_the_rest_is_listed(flodl, install, acme, name):
    """Listing exits 0, lists all the rest, and says one line with the distribution and how to disable it."""
    hook, specs, before = BROKEN[name]
    install(name, hook, *specs, before=before, version="0.9")
    done = flodl("list", "modules", "--plugin", "acme-layers", "--json")
    assert 0 == done.returncode
    assert ["acme_glu", "conv9d"] == [c["name"] for c in json.loads(done.stdout)["components"]]
    (line,) = done.stderr.splitlines()
    assert f"{name} 0.9" in line
    assert f"FLODL_DISABLE_PLUGINS={name}" in line


def test_plugins_tells_state_reason_and_how_to_disable(flodl, install, acme):
    """A failed plugin stands in the table with its reason."""
    install("sick", "flodl_ops", before="raise RuntimeError('at import')")
    done = flodl("plugins")
    assert 0 == done.returncode
    table = {line.split()[0]: line.split()[1:4] for line in done.stdout.splitlines() if line}
    assert ["0.3", "loaded", "acme-layers"] == table["acme-layers"]
    assert "sick 1.0 failed: RuntimeError: at import; disable: FLODL_DISABLE_PLUGINS=sick" in done.stdout
    assert "3 modules" in done.stdout


def test_plugins_json(flodl, acme):
    """JSON has every plugin with what it brings."""
    payload = json.loads(flodl("plugins", "--json").stdout)
    assert ["schema", "plugins", "problems"] == list(payload)
    plugin = next(p for p in payload["plugins"] if p["distribution"] == "acme-layers")
    assert {"module": ["acme_glu", "conv9d", "old"]} == plugin["components"]
    assert "FLODL_DISABLE_PLUGINS=acme-layers" == plugin["disable"]


def test_disabled_plugin_is_shown_with_the_variable(flodl, acme):
    """A disabled plugin is not loaded, and the table says by what."""
    done = flodl("plugins", FLODL_DISABLE_PLUGINS="acme-layers")
    assert "acme-layers 0.3 disabled: FLODL_DISABLE_PLUGINS names it" in done.stdout


@pytest.mark.parametrize(
    "arguments", [["--no-plugins", "list", "modules", "--json"], ["list", "modules", "--json", "--no-plugins"]]
)
def test_no_plugins_loads_none(flodl, install, site, arguments):
    """`--no-plugins` stands before or after the command, and no third-party plugin is imported."""
    install("loud", "flodl_ops", before="import pathlib; pathlib.Path(__file__).with_name('loaded').touch()")
    done = flodl(*arguments)
    assert (0, "") == (done.returncode, done.stderr)
    assert not (site / "loaded").exists()


@pytest.mark.parametrize("how", ["before", "after", "variable"])
def test_strict_makes_a_broken_plugin_a_finding(flodl, install, how):
    """Under --strict, or FLODL_STRICT_PLUGINS=1, a plugin's problem is exit code 1."""
    install("sick", "flodl_ops", before="raise RuntimeError('at import')")
    arguments = {"before": ["--strict", "list"], "after": ["list", "--strict"], "variable": ["list"]}[how]
    done = flodl(*arguments, FLODL_STRICT_PLUGINS="1" if how == "variable" else "0")
    assert 1 == done.returncode
    assert "1 problem with plugins, and --strict is on" in done.stderr


def test_strict_without_problems_is_0(flodl, acme):
    """Healthy plugins pass."""
    assert 0 == flodl("list", "--strict").returncode
