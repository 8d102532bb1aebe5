"""`flodl show`: declaration, origin, place, parameters; with torch or without."""

from __future__ import annotations

import json

import pytest


def test_show_without_parameters_imports_nothing(flodl, acme, site):
    """`--no-params` tells file and line although the package cannot be imported."""
    done = flodl("show", "module", "acme_glu", "--no-params")
    assert 0 == done.returncode
    assert "acme-layers 0.3 (entry point acme-layers)" in done.stdout
    assert "acme/layers.py:1" in done.stdout
    assert "ref('acme_glu', 8)" in done.stdout
    assert not (site / "torch_was_imported").exists()


def test_absent_torch_is_said_politely(flodl, acme):
    """Where the target cannot be imported, everything else is shown, and why."""
    done = flodl("show", "module", "acme_glu")
    assert (0, "") == (done.returncode, done.stderr)
    assert "parameters: not available, module 'acme_glu' cannot be loaded: ImportError: trap" in done.stdout


def test_parameters_have_types_and_defaults(flodl, install):
    """Parameters are those of the signature."""
    source = "def focal(gamma: float = 2.0, *, reduction: str = 'mean', **more): ...\n"
    install(
        "acme-losses",
        "flodl_losses",
        'LossSpec(name="acme_focal", target="focal_loss:focal", summary="Hard examples first.")',
        files={"focal_loss.py": source},
    )
    payload = json.loads(flodl("show", "losses", "acme_focal", "--json").stdout)
    assert [("gamma", "float", "2.0"), ("reduction", "str", "'mean'"), ("**more", None, None)] == [
        (parameter["name"], parameter["type"], parameter["default"]) for parameter in payload["parameters"]
    ]
    assert payload["file"].endswith("focal_loss.py")
    assert 1 == payload["line"]
    text = flodl("show", "acme_focal").stdout
    assert "reduction  'mean'   str" in text


def test_json_says_why_parameters_are_missing(flodl, acme):
    """`parameters` is null and the reason beside it."""
    payload = json.loads(flodl("show", "module", "acme_glu", "--json").stdout)
    assert payload["parameters"] is None
    assert "trap" in payload["parameters_problem"]
    assert "schema" == next(iter(payload))


@pytest.mark.parametrize("name", ["FeedForwardOfAcme", "acme-layers/acme_glu", "module:acme-layers/acme_glu"])
def test_alias_and_full_name_are_understood(flodl, acme, name):
    """A name may be an alias or a full name, and the kind may be left out."""
    assert flodl("show", name, "--no-params").stdout.startswith("module acme_glu: ")


def test_name_of_two_kinds_asks_which(flodl, install):
    """Without a kind, a name of two kinds is a question."""
    install(
        "both",
        "flodl_ops",
        'OpSpec(name="twin", target="a:b", summary="One.")',
        before='@hookimpl\ndef flodl_losses():\n    yield LossSpec(name="twin", target="a:b", summary="Two.")',
    )
    done = flodl("show", "twin")
    assert 2 == done.returncode
    assert "flodl show loss twin or flodl show op twin" in done.stderr


def test_unknown_name_suggests(flodl, acme):
    """A mistyped name is an error of three lines."""
    done = flodl("show", "module", "acme_gla")
    assert 2 == done.returncode
    what, where, mend = done.stderr.splitlines()
    assert "UnknownComponent: no module is called 'acme_gla'" == what
    assert "  at: flodl show" == where
    assert mend.startswith("  try: did you mean 'acme_glu'?")  # alone, it also says what to install


def test_kind_alone_says_how_to_list(flodl):
    """`flodl show modules` is answered with the command that was meant."""
    assert "flodl list modules shows them" in flodl("show", "modules").stderr


def test_unmet_requirement_is_shown(flodl, install):
    """What a component lacks is shown without importing it."""
    install("needy", "flodl_ops", 'OpSpec(name="needy", target="a:b", summary="N.", requires=("unheard-of>=2",))')
    assert "it requires unheard-of>=2, which is not installed" in flodl("show", "op", "needy", "--no-params").stdout
