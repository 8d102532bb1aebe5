"""Allow-list and deny-list: what they name does not even get imported (G5, G7)."""

from __future__ import annotations

import pytest
from flodl_core import UnknownComponent
from flodl_core.policy import Policy
from flodl_core.testing import fresh_registry, plugin_source

SENTINEL = "from pathlib import Path\nPath(__file__).with_suffix('.imported').touch()\n"


def _plugin(name, kind="losses", spec="LossSpec"):
    return SENTINEL + plugin_source(f"flodl_{kind}", f'{spec}(name="{name}", target="a:b", summary="S.")')


@pytest.fixture
def three(install):
    """Two plugins and a built-in one."""
    install("flodl-nn", _plugin("mse"))
    install("acme-losses", _plugin("focal"), entry_point="acme")
    install("bolt", _plugin("huber"))


def _imported(tmp_path):
    return {path.name.removesuffix("_plugin.imported") for path in tmp_path.glob("*.imported")}


@pytest.mark.parametrize(
    ("variables", "loaded"),
    [
        ({}, {"flodl_nn", "acme_losses", "bolt"}),
        ({"FLODL_PLUGINS": ""}, {"flodl_nn"}),
        ({"FLODL_PLUGINS": "bolt"}, {"flodl_nn", "bolt"}),
        ({"FLODL_PLUGINS": "Acme_Losses, bolt"}, {"flodl_nn", "acme_losses", "bolt"}),
        ({"FLODL_DISABLE_PLUGINS": "acme.losses"}, {"flodl_nn", "bolt"}),
        ({"FLODL_DISABLE_PLUGINS": "acme"}, {"flodl_nn", "bolt"}),
        ({"FLODL_DISABLE_PLUGINS": "flodl-nn bolt"}, {"acme_losses"}),
        ({"FLODL_PLUGINS": "bolt", "FLODL_DISABLE_PLUGINS": "bolt"}, {"flodl_nn"}),
    ],
)
def test_what_may_load(variables, loaded, three, registry, monkeypatch, tmp_path, capsys):
    """Distributions are named as indexes compare them; a disabled plugin writes no sentinel file."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    registry.list()
    assert loaded == _imported(tmp_path)
    assert "" == capsys.readouterr().err


def test_a_disabled_plugin_says_why(three, registry, monkeypatch):
    """G15: it is listed, with the reason."""
    monkeypatch.setenv("FLODL_PLUGINS", "")
    monkeypatch.setenv("FLODL_DISABLE_PLUGINS", "bolt")
    states = {report.distribution: (report.state, report.reason) for report in registry.plugins()}
    assert ("disabled", "FLODL_PLUGINS does not name it") == states["acme-losses"]
    assert ("disabled", "FLODL_DISABLE_PLUGINS names it") == states["bolt"]


def test_an_entry_point_s_name_opens_no_door(install, registry, monkeypatch, tmp_path, capsys):
    """Anybody may call an entry point "acme": the allow-list takes distributions alone."""
    install("evil-tools", _plugin("focal"), entry_point="acme")
    monkeypatch.setenv("FLODL_PLUGINS", "acme")
    registry.list()
    assert set() == _imported(tmp_path)
    assert "FLODL_PLUGINS names 'acme', but no installed plugin is called so" in capsys.readouterr().err


@pytest.mark.parametrize("variable", ["FLODL_PLUGINS", "FLODL_DISABLE_PLUGINS"])
def test_a_wrong_name_in_a_list(variable, three, registry, monkeypatch, capsys):
    """It is said once, with what may have been meant."""
    monkeypatch.setenv(variable, "acme-loses")
    registry.list()
    registry.list()
    [line] = capsys.readouterr().err.splitlines()
    assert line == f"{variable} names 'acme-loses', but no installed plugin is called so; did you mean 'acme-losses'?"


def test_a_given_policy_goes_before_the_environment(three, tmp_path, empty, monkeypatch):
    """As `--no-plugins` does."""
    monkeypatch.setenv("FLODL_PLUGINS", "bolt")
    with fresh_registry(tmp_path, empty, policy=Policy(allowed=frozenset())) as registry:
        registry.list()
    assert {"flodl_nn"} == _imported(tmp_path)


def test_asking_for_states_loads_nothing(three, registry, tmp_path):
    """G7: recovery commands can look around while a plugin is broken."""
    registry.plugins(), registry.problems(), registry.kinds, registry.policy
    assert set() == _imported(tmp_path)


def test_a_disabled_plugin_is_mentioned_on_a_miss(three, registry, monkeypatch):
    """The missing name usually lives there."""
    monkeypatch.setenv("FLODL_PLUGINS", "")
    with pytest.raises(UnknownComponent, match=r"disabled: acme-losses 1\.0 \(FLODL_PLUGINS does not name it\)"):
        registry.find("loss", "acme-losses/focal")
