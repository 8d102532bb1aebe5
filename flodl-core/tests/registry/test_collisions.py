"""G9: one rule for names that several bring, told once, whatever was installed or asked for first."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from flodl_core import AmbiguousComponent
from flodl_core.testing import environment, fake_distribution, plugin_source


def _loss(name, *, aliases=(), target="a:b"):
    spec = f'LossSpec(name="{name}", target="{target}", summary="S.", aliases={tuple(aliases)!r})'
    return plugin_source("flodl_losses", spec)


def test_a_built_in_wins_over_a_plugin(install, registry, capsys):
    """The bare name stays built in, before and after plugins load; one line says so; the full name works."""
    install("flodl-nn", _loss("mse", target="nn:Mse"))
    install("acme", _loss("mse", target="acme:Mse"))
    assert "flodl-nn/mse" == registry.find("loss", "mse").qualified
    registry.list()
    assert "flodl-nn/mse" == registry.find("loss", "mse").qualified
    assert "acme:Mse" == registry.find("loss", "acme/mse").spec.target
    [line] = capsys.readouterr().err.splitlines()
    assert "plugin acme 1.0 (entry point 'acme' -> acme_plugin): " in line
    assert line.endswith("loss 'mse' is built in: alone it means flodl-nn/mse; write 'acme/mse' for this one")


def test_two_plugins_with_one_name(install, registry, capsys):
    """The bare name is an error that tells both full names; those work."""
    install("acme", _loss("focal"))
    install("bolt", _loss("focal"))
    with pytest.raises(AmbiguousComponent) as caught:
        registry.find("loss", "focal")
    assert str(caught.value).splitlines() == [
        "2 distributions bring a loss called 'focal'",
        "  try: write 'acme/focal' or 'bolt/focal'",
    ]
    assert ["acme/focal", "bolt/focal"] == [registry.find("loss", f"{d}/focal").qualified for d in ("acme", "bolt")]
    [line] = capsys.readouterr().err.splitlines()
    assert "loss 'focal' is also acme/focal; write 'bolt/focal' for this one" in line


def test_one_name_in_two_kinds(install, registry, capsys):
    """That is no collision."""
    install("acme", _loss("add"))
    install("bolt", plugin_source("flodl_ops", 'OpSpec(name="add", target="a:b", summary="S.")'))
    assert ("acme", "bolt") == tuple(registry.find(k, "add").origin.distribution for k in ("loss", "op"))
    assert "" == capsys.readouterr().err


@pytest.mark.parametrize("first", ["find", "list"])
def test_a_plugin_cannot_take_a_built_in_s_alias(first, install, registry, capsys):
    """Neither with a name nor with an alias, and no matter whether plugins were loaded before."""
    install("flodl-nn", _loss("mse", aliases=("l2", "MSE")))
    install("acme", _loss("l2"))
    install("bolt", _loss("other", aliases=("MSE", "mse")))
    if first == "list":
        registry.list()
    assert {"flodl-nn/mse"} == {registry.find("loss", name).qualified for name in ("mse", "l2", "MSE")}
    registry.list()
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition("): ")[2].partition(";")[0] for line in lines] == [
        "loss 'l2' is built in: alone it means flodl-nn/mse",
        "loss 'MSE' is built in: alone it means flodl-nn/mse",
        "loss 'mse' is built in: alone it means flodl-nn/mse",
    ]


def test_a_plugin_s_name_and_another_s_alias(install, registry, capsys):
    """The one who is called so is meant, and the other one is told."""
    install("acme", _loss("huber", aliases=("smooth",)))
    install("bolt", _loss("smooth"))
    assert "bolt/smooth" == registry.find("loss", "smooth").qualified
    assert "acme/huber" == registry.find("loss", "acme/smooth").qualified
    [line] = capsys.readouterr().err.splitlines()
    assert "loss 'smooth' is a name, which goes before an alias: alone it means bolt/smooth" in line


def test_one_alias_of_two_plugins(install, registry):
    """Neither is meant: the error tells the full names, by their own names."""
    install("acme", _loss("huber", aliases=("smooth",)))
    install("bolt", _loss("charbonnier", aliases=("smooth",)))
    with pytest.raises(AmbiguousComponent, match="write 'acme/huber' or 'bolt/charbonnier'"):
        registry.find("loss", "smooth")


def test_an_alias_written_twice_is_one(install, registry):
    """Or equal to the name."""
    install("acme", _loss("huber", aliases=("smooth", "smooth", "huber")))
    assert "acme/huber" == registry.find("loss", "smooth").qualified == registry.find("loss", "huber").qualified


def test_case_is_a_difference(install, registry):
    """Names are lower case; an alias in capitals is another word, and belongs to whom it belongs."""
    install("acme", _loss("mse"))
    install("bolt", _loss("other", aliases=("MSE",)))
    assert ("acme/mse", "bolt/other") == tuple(registry.find("loss", name).qualified for name in ("mse", "MSE"))


ASK = """
import json, sys
from pathlib import Path
from flodl_core import AmbiguousComponent
from flodl_core.testing import fresh_registry

def meant(registry, name):
    try:
        return registry.find("loss", name).id
    except AmbiguousComponent as error:
        return str(error)

for folders in (sys.argv[1:], sys.argv[:0:-1]):
    with fresh_registry(*map(Path, folders)) as registry:
        found = {name: meant(registry, name) for name in ("mse", "focal", "smooth", "l2")}
        print(json.dumps([found, [c.id for c in registry.list()], [str(p) for p in registry.problems()]]))
"""


def test_no_order_and_no_hash_seed_has_a_say(tmp_path, empty):
    """20 values of PYTHONHASHSEED, both orders of sys.path: lists, choices and warnings are equal, byte for byte."""
    folders = [tmp_path / "left", tmp_path / "right"]
    sources = {
        "flodl-nn": _loss("mse", aliases=("l2",)),
        "acme": _loss("focal", aliases=("smooth", "fl")),
        "zebra": _loss("mse", aliases=("m", "n", "o")),
        "bolt": _loss("focal", aliases=("f",)),
        "crux": _loss("huber", aliases=("smooth", "l2")),
        "broken": "raise RuntimeError('no')",
    }
    for number, (name, source) in enumerate(sources.items()):
        module = name.replace("-", "_") + "_plugin"
        files = {f"{module}.py": source}
        fake_distribution(folders[number % 2], name, entry_points={"plugin": module}, files=files)
    command = [sys.executable, "-c", ASK, *map(str, folders)]
    runs = [
        subprocess.Popen(
            command, env=environment(empty, PYTHONHASHSEED=str(seed)), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for seed in range(20)
    ]
    [(out, err)] = {run.communicate() for run in runs}
    assert {0} == {run.returncode for run in runs}
    one, other = out.splitlines()
    assert one == other
    found, listed, problems = json.loads(one)
    assert "loss:flodl-nn/mse" == found["mse"] == found["l2"]
    assert found["focal"].startswith("2 distributions bring a loss called 'focal'")
    assert 5 == len(listed)
    assert 2 * problems == err.decode().splitlines()
