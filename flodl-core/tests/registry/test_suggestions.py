"""G10: what a miss says."""

from __future__ import annotations

import pytest
from flodl_core import FlodlError, UnknownComponent, UnknownKind
from flodl_core.testing import plugin_source

NN = plugin_source(
    "flodl_modules",
    *(
        f'ModuleSpec(name="{name}", target="a:b", summary="S.", aliases=({alias!r},))'
        for name, alias in (("layer_norm", "LayerNorm"), ("gelu", "GELU"), ("max_pool2d", "MaxPool2d"))
    ),
)


@pytest.fixture
def world(install):
    """Built-in modules; a plugin with a loss; flodl-graph is not there."""
    install("flodl-nn", NN)
    install("acme", plugin_source("flodl_losses", 'LossSpec(name="focal", target="a:b", summary="S.")'))


@pytest.mark.parametrize(
    ("kind", "name", "hint"),
    [
        ("module", "geul", "did you mean 'gelu'?"),
        ("module", "layernorm", "did you mean 'layer_norm'?"),
        ("module", "layer-norm", "did you mean 'layer_norm'?"),
        ("module", "LAYER_NORM", "did you mean 'layer_norm'?"),
        ("module", "Maxpool2D", "did you mean 'max_pool2d'"),
        ("module", "norm", "did you mean 'layer_norm'"),
        ("module", "focal", "'focal' is a loss"),
        ("loss", "GELU", "'GELU' is a module"),
        ("loss", "acm/focal", "did you mean 'acme'?"),
        ("loss", "other/focal", "did you mean 'focal'?"),
        ("merge_op", "mean", "flodl's own merge ops come with flodl-graph: pip install flodl-graph"),
        ("sink", "csv", "flodl's own sinks come with flodl-monitor: pip install flodl-monitor"),
        ("dataset", "digits", "flodl list datasets shows all"),
    ],
)
def test_hints(kind, name, hint, world, registry, monkeypatch):
    """Near names and aliases whatever their case, other kinds, what is not installed."""
    monkeypatch.setattr("flodl_core.plugins.discover", _without("flodl-graph", "flodl-monitor"))
    with pytest.raises(UnknownComponent) as caught:
        registry.find(kind, name)
    assert f"no {kind.replace('_', ' ')} is called {name!r}" == caught.value.what
    assert hint in caught.value.mend


def _without(*names):
    """What is installed, less these: in the environment of the tests they may be."""
    from flodl_core.discovery import discover

    def fewer():
        found, unreadable = discover()
        return [plugin for plugin in found if plugin.distribution not in names], unreadable

    return fewer


def test_failed_plugins_are_named(world, install, registry, capsys):
    """A name that is missing usually lives in the plugin that did not load."""
    install("broken", "import nowhere_to_be_found", "0.3")
    install("half", plugin_source("flodl_losses", "42"), "0.4")
    with pytest.raises(UnknownComponent) as caught:
        registry.find("loss", "huber")
    assert "broken 0.3 (ModuleNotFoundError: No module named 'nowhere_to_be_found')" in caught.value.mend
    assert "half 0.4 (flodl_losses yielded an int, due is LossSpec)" in caught.value.mend


def test_many_failed_plugins_are_counted(install, registry, capsys):
    """Three are named, the rest is a number."""
    for number in range(7):
        install(f"broken{number}", "raise RuntimeError")
    with pytest.raises(UnknownComponent, match="and 4 more"):
        registry.find("loss", "huber")


@pytest.mark.parametrize(("word", "hint"), [("moduel", "modules"), ("Loses", "losses"), ("merge-ops", None)])
def test_kinds(word, hint, registry):
    """A mistyped kind gets the plural word that lists take."""
    if hint is None:
        assert () == registry.list(word)
        return
    with pytest.raises(UnknownKind, match=f"did you mean '{hint}'"):
        registry.list(word)


def test_an_absurdly_long_name_is_answered_at_once(world, registry):
    """And is not repeated in full."""
    with pytest.raises(FlodlError) as caught:
        registry.find("module", "x" * 1_000_000)
    assert len(str(caught.value)) < 500
