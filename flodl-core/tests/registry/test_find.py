"""Finding by name: the grammar, built-ins first, aliases, deprecations (G3, G8, G11)."""

from __future__ import annotations

import warnings

import pytest
from flodl_core import UnknownComponent, UnknownKind
from flodl_core.testing import plugin_source

LINEAR = plugin_source(
    "flodl_modules",
    'ModuleSpec(name="linear", target="nn:Linear", summary="Line.", aliases=("Linear", "dense"))',
    'ModuleSpec(name="gelu", target="nn:Gelu", summary="Curve.")',
)
FOCAL = plugin_source("flodl_losses", 'LossSpec(name="focal", target="a:Focal", summary="F.", aliases=("Focal",))')
SENTINEL = "from pathlib import Path\nPath(__file__).with_suffix('.imported').touch()\n"


def test_a_built_in_is_found_without_loading_any_plugin(install, registry, tmp_path):
    """G3: a sentinel plugin writes a file when it is imported; nobody imports it, by name or by alias."""
    install("flodl-nn", LINEAR)
    install("sentinel", SENTINEL + FOCAL)
    for name in ("gelu", "linear", "dense", "flodl-nn/linear", "module:linear"):
        assert registry.find("module", name).origin.builtin
    assert not (tmp_path / "sentinel_plugin.imported").exists()
    assert {"flodl-nn": "loaded", "sentinel": "waiting"}.items() <= {
        report.distribution: report.state for report in registry.plugins()
    }.items()


def test_a_name_of_flodl_s_own_distribution_loads_no_plugin(install, registry, tmp_path):
    """G3: who asks for flodl-nn/... asks nobody else."""
    install("flodl-nn", LINEAR)
    install("sentinel", SENTINEL + FOCAL)
    with pytest.raises(UnknownComponent):
        registry.find("module", "flodl-nn/focal")
    assert not (tmp_path / "sentinel_plugin.imported").exists()


def test_a_miss_loads_plugins_once(install, registry, tmp_path):
    """G3: then it is an error, and the next miss imports nothing again."""
    count = "from pathlib import Path\nwith open(Path(__file__).with_suffix('.count'), 'a') as f: f.write('x')\n"
    install("sentinel", count + FOCAL)
    for name in ("nothing", "nothing", "focal"):
        if name == "focal":
            registry.find("loss", name)
        else:
            with pytest.raises(UnknownComponent):
                registry.find("loss", name)
    assert "x" == (tmp_path / "sentinel_plugin.count").read_text()


@pytest.mark.parametrize("name", ["focal", "Focal", "acme-losses/focal", "loss:focal", "loss:acme-losses/Focal"])
def test_every_way_to_write_a_name(name, install, registry):
    """G8: `[kind:][distribution/]name`, or an alias in its place."""
    install("acme-losses", FOCAL, "0.3.1")
    found = registry.find("loss", name)
    assert ("loss:acme-losses/focal", "acme-losses 0.3.1") == (found.id, str(found.origin))


@pytest.mark.parametrize("distribution", ["Acme_Losses", "acme.losses", "ACME--losses"])
def test_distributions_are_compared_as_indexes_do(distribution, install, registry):
    """G8: PEP 503: case and runs of -_. do not matter."""
    install("acme-losses", FOCAL)
    assert "acme-losses/focal" == registry.find("loss", f"{distribution}/focal").qualified


def test_kinds_in_singular_and_plural(install, registry):
    """G8: what people say of many is understood of one."""
    install("acme-losses", FOCAL)
    assert registry.find("losses", "focal") is registry.find("loss", "focal")
    assert registry.list("losses") == registry.list("loss")


@pytest.mark.parametrize(
    "name",
    [
        *("os:system", "torch.nn.Linear", "torch.nn:Linear", "acme.losses:Focal", "", ":", "/", "/focal", "loss:"),
        *(":focal", "loss:loss:focal", "a/b/focal", "losses:focal", "focal ", "focal\n", "fo cal", "föcal", "ﬁocal"),
        *("../focal", "loss:/focal", None, 3, b"focal", ["focal"], "x" * 100_000 + "."),
    ],
)
def test_what_is_no_name(name, install, registry):
    """Only registered names are looked up: a code path, a trick or an odd object is answered, not tried."""
    install("acme-losses", FOCAL)
    with pytest.raises(UnknownComponent, match="is no component's name") as caught:
        registry.find("loss", name)
    assert len(str(caught.value)) < 300
    assert "waiting" in {report.state for report in registry.plugins()}


def test_a_name_of_another_kind(registry):
    """A kind in front of the name must be the kind that is due."""
    with pytest.raises(UnknownComponent, match="'op:add' is an op, a loss is due"):
        registry.find("loss", "op:add")


@pytest.mark.parametrize("kind", ["lose", "", None, 4, ["loss"], "x" * 100_000])
def test_unknown_kind(kind, registry):
    """A kind is one of twelve words; near ones are suggested."""
    with pytest.raises(UnknownKind, match="no kind of component is called") as caught:
        registry.find(kind, "focal")
    assert len(str(caught.value)) < 400


def test_a_name_goes_before_an_alias(install, registry):
    """Of two components of one plugin, the one that is called so is meant."""
    install(
        "acme",
        plugin_source(
            "flodl_losses",
            'LossSpec(name="first", target="a:First", summary="1.", aliases=("second",))',
            'LossSpec(name="second", target="a:Second", summary="2.")',
        ),
    )
    assert "a:Second" == registry.find("loss", "second").spec.target


def test_a_deprecated_name_warns_once_at_the_user_s_line(install, registry):
    """G11: a FutureWarning that says what to use instead; by name or by alias, once per component."""
    install(
        "acme",
        plugin_source(
            "flodl_losses",
            'LossSpec(name="old", target="a:Old", summary="O.", aliases=("elder",), deprecated="use new")',
        ),
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        registry.find("loss", "elder")
        registry.find("loss", "old")
    [warning] = caught
    assert (FutureWarning, __file__) == (warning.category, warning.filename)
    assert "loss 'old' is deprecated: use new" == str(warning.message)


def test_a_deprecated_name_leaves_the_default_list(install, registry):
    """G11: it is there for who asks."""
    install(
        "acme", plugin_source("flodl_losses", 'LossSpec(name="old", target="a:Old", summary="O.", deprecated="use x")')
    )
    assert () == registry.list("loss")
    assert ["old"] == [loss.name for loss in registry.list("loss", deprecated=True)]


def test_lists_are_sorted(install, registry):
    """By kind, name and distribution."""
    install("zebra", FOCAL + LINEAR)
    install("acme", FOCAL)
    ids = [component.id for component in registry.list()]
    assert ["module:zebra/gelu", "module:zebra/linear", "loss:acme/focal", "loss:zebra/focal"] == ids
