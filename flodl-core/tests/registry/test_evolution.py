"""Plugins and flodl grow at different speeds: what an older plugin, and a newer one, meet here (G20)."""

from __future__ import annotations

import types

import pluggy
import pytest
from flodl_core import API_VERSION, LossSpec, PluginError, declarations, hookimpl, hookspecs, provider
from flodl_core.testing import plugin_source

FOCAL = 'LossSpec(name="focal", target="acme:focal", summary="F."{more})'
TARGET = {"acme.py": "def focal(): return 1\n"}


def _loss(more="", before=""):
    return plugin_source("flodl_losses", FOCAL.format(more=more), before=before)


def test_a_hook_that_gained_an_argument(monkeypatch):
    """A plugin of before takes none, and is loaded as ever."""

    @pluggy.HookspecMarker("flodl")
    def flodl_losses(context=None):
        """A later flodl's."""

    later = types.SimpleNamespace(**{name: getattr(hookspecs, name) for name in hookspecs.HOOKS})
    later.flodl_losses = flodl_losses
    manager = pluggy.PluginManager("flodl")
    manager.add_hookspecs(later)
    monkeypatch.setattr(declarations, "_manager", lambda: manager)

    @hookimpl(specname="flodl_losses")
    def of_before():
        yield LossSpec(name="focal", target="acme:focal", summary="F.")

    specs, faults = declarations.declared(types.SimpleNamespace(flodl_losses=of_before), "acme")
    assert (["focal"], []) == ([spec.name for spec in specs], faults)


@pytest.mark.parametrize("asked", [1, API_VERSION])
def test_a_plugin_of_an_older_version_is_taken(asked, install, registry, monkeypatch, capsys):
    """What asked for an API of before works with a later one, unasked."""
    monkeypatch.setattr(provider, "API_VERSION", API_VERSION + 1)
    install("acme", _loss(f", requires_api={asked}"), files=TARGET)
    assert 1 == registry.create("loss", "focal")
    assert "" == capsys.readouterr().err


def test_a_plugin_of_a_newer_version_is_told(install, registry, capsys):
    """Listing it is fine; using it is three lines with both versions and the command; the others go on."""
    install("acme", _loss(f", requires_api={API_VERSION + 1}"), files=TARGET)
    install("bolt", _loss().replace("focal", "huber"), files={"acme.py": "def huber(): return 2\n"})
    assert ["focal", "huber"] == [loss.name for loss in registry.list("loss")]
    with pytest.raises(PluginError) as caught:
        registry.create("loss", "focal")
    assert str(caught.value).splitlines() == [
        f"loss 'focal' cannot be loaded: it asks for flodl's API {API_VERSION + 1}, this is {API_VERSION}",
        "  at: acme:focal, of acme 1.0",
        "  try: pip install --upgrade flodl-core",
    ]
    assert 2 == registry.create("loss", "huber")
    assert "" == capsys.readouterr().err


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (_loss(", colour='blue'"), "flodl_losses raised TypeError: ComponentSpec.__init__() got an unexpected keyword"),
        (_loss(before="from flodl_core import TokenizerSpec"), "ImportError: cannot import name 'TokenizerSpec'"),
        (_loss(before="import flodl_core.tokens"), "ModuleNotFoundError: No module named 'flodl_core.tokens'"),
    ],
)
def test_a_plugin_that_uses_what_came_later(source, said, install, registry, capsys):
    """One line that says what is missing, and that a newer flodl may have it."""
    install("acme", source)
    assert () == registry.list("loss")
    [line] = capsys.readouterr().err.splitlines()
    assert said in line
    assert "which a newer flodl-core may know; disable: FLODL_DISABLE_PLUGINS=acme" in line


def test_other_mistakes_are_not_flodls(install, registry, capsys):
    """A plugin's own TypeError, or a library that is missing, is no matter of versions."""
    install("acme", _loss(before="int(colour=3)"))
    install("bolt", _loss(before="import nowhere_to_be_found"))
    registry.list()
    assert "newer" not in capsys.readouterr().err
