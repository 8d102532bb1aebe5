"""`flodl list`: what is shown, what is found, and what is never imported."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys

import pytest
from flodl_core.testing import environment

KEYS = ["kind", "name", "id", "summary", "category", "aliases", "deprecated"]
KEYS += ["distribution", "version", "entry_point", "builtin"]


def names(done):
    """The names in JSON output."""
    return [component["name"] for component in json.loads(done.stdout)["components"]]


def test_list_imports_no_torch(flodl, acme, site):
    """Listing, as a table and as JSON, imports neither torch nor what it lists."""
    for arguments in (["list"], ["list", "--json"], ["list", "modules", "conv*"], ["plugins"], ["--help"]):
        assert 0 == flodl(*arguments).returncode
    assert not (site / "torch_was_imported").exists()


def test_list_shows_name_origin_and_summary(flodl, acme):
    """A table has one aligned line per component, with distribution and version."""
    done = flodl("list", "modules", "--plugin", "acme-layers")
    assert [
        "name      category  from             summary",
        "acme_glu  gated     acme-layers 0.3  Gated SiLU feed-forward.",
        "conv9d              acme-layers 0.3  Nine dimensions.",
    ] == done.stdout.splitlines()


def test_kind_may_be_singular_or_plural(flodl, acme):
    """`module`, `modules` and `Modules` mean the same kind."""
    assert flodl("list", "module").stdout == flodl("list", "Modules").stdout == flodl("list", "modules").stdout


def test_json_has_schema_and_a_fixed_order_of_keys(flodl, acme):
    """JSON is one object on stdout, the schema's number first."""
    done = flodl("list", "modules", "--plugin", "acme-layers", "--json")
    payload = json.loads(done.stdout)
    assert ["schema", "components"] == list(payload)
    assert 1 == payload["schema"]
    assert KEYS == list(payload["components"][0])
    assert "module:acme-layers/acme_glu" == payload["components"][0]["id"]


def test_wildcard_fits_whole_names_and_aliases(flodl, acme):
    """A pattern is matched against names and aliases."""
    assert ["conv9d"] == names(flodl("list", "modules", "conv9*", "--json"))
    assert ["acme_glu"] == names(flodl("list", "FeedForwardO*", "--json"))
    assert [] == names(flodl("list", "modules", "onv*", "--json"))


def test_word_is_found_in_summary_and_category(flodl, acme):
    """A word is looked for everywhere a person may have seen it."""
    assert ["conv9d"] == names(flodl("list", "nine dim", "--json"))
    assert ["acme_glu"] == names(flodl("list", "modules", "gated silu feed", "--json"))


def test_deprecated_is_hidden_unless_all(flodl, acme):
    """`--all` shows what is deprecated, and what to use instead."""
    assert "old" not in names(flodl("list", "modules", "--json"))
    assert "(deprecated: use acme_glu) Once good." in flodl("list", "modules", "--all").stdout


def test_what_fits_and_is_left_out(flodl, acme):
    """A word that fits only what the options leave out is not answered with that very word."""
    hidden = flodl("list", "modules", "once good").stderr.splitlines()
    assert "UnknownComponent: only what is deprecated fits 'once good'" == hidden[0]
    assert "  try: --all shows that too" == hidden[2]
    elsewhere = flodl("list", "modules", "conv9d", "--category", "gated").stderr.splitlines()
    assert "UnknownComponent: only what is of another category or distribution fits 'conv9d'" == elsewhere[0]
    assert "  try: it is module:acme-layers/conv9d, no category" == elsewhere[2]


def test_plugin_filters_by_distribution(flodl, acme):
    """`--plugin` takes the distribution's name in any spelling."""
    assert ["acme_glu", "conv9d"] == names(flodl("list", "--plugin", "Acme_Layers", "--json"))


def test_unknown_distribution_suggests(flodl, acme):
    """A mistyped distribution is a usage error that knows the near one."""
    done = flodl("list", "--plugin", "acme-layer")
    assert (2, "") == (done.returncode, done.stdout)
    assert [
        "UsageError: no plugin belongs to a distribution 'acme-layer'",
        "  at: flodl list --plugin",
        "  try: did you mean 'acme-layers'?",
    ] == done.stderr.splitlines()


def test_mistyped_kind_suggests(flodl):
    """What is nearly a kind is an error, not a search."""
    done = flodl("list", "moduls")
    assert 2 == done.returncode
    assert done.stderr.splitlines()[0] == "UnknownKind: no kind of component is called 'moduls'"
    assert "'modules'" in done.stderr.splitlines()[2]


def test_mistyped_name_suggests(flodl, acme):
    """A word that fits nothing is an error with near names."""
    done = flodl("list", "modules", "acme_gla")
    assert 2 == done.returncode
    assert [
        "UnknownComponent: no modules fit 'acme_gla'",
        "  at: flodl list",
        "  try: did you mean 'acme_glu'?",
    ] == done.stderr.splitlines()


def test_nothing_is_cut_in_a_pipe(flodl, install):
    """A long summary stays on one line, whole, when stdout is no terminal."""
    summary = "word " * 60 + "end."
    install("wide", "flodl_ops", f'OpSpec(name="wide", target="a:b", summary={summary!r})')
    assert flodl("list", "ops", "--plugin", "wide").stdout.splitlines()[1].endswith("word end.")


def test_markup_of_plugins_is_shown_not_obeyed(flodl, install):
    """What looks like a table library's markup in a summary stays as it is."""
    install("evil", "flodl_ops", 'OpSpec(name="evil", target="a:b", summary="red [bold]now[/bold] :smile:")')
    assert "red [bold]now[/bold] :smile:" in flodl("list", "ops").stdout


def test_accents_survive_a_c_locale(flodl, install):
    """A summary that ASCII cannot say ends no command, and JSON is ASCII."""
    install("accent", "flodl_ops", r'OpSpec(name="accent", target="a:b", summary="\u00e0 la carte")')
    environment = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    assert "la carte" in flodl("list", "ops", "--plugin", "accent", **environment).stdout
    done = flodl("list", "ops", "--plugin", "accent", "--json", **environment)
    assert done.stdout.isascii()
    payload = json.loads(done.stdout)
    assert "\u00e0 la carte" == payload["components"][0]["summary"]


def test_table_wraps_on_a_terminal(flodl, acme, site, here):
    """On a terminal of 80 columns only the last column wraps, and nothing is lost."""
    main, other = pty.openpty()
    command = [sys.executable, "-m", "flodl_cli", "list", "commands"]
    env = environment(site, COLUMNS="60", NO_COLOR="1", TERM="xterm")
    subprocess.run(command, cwd=here, env=env, stdout=other, stderr=subprocess.PIPE, check=True, timeout=60)
    os.close(other)
    raw = os.read(main, 100_000).decode()
    os.close(main)
    shown = re.sub(r"\x1b\[\d*m", "", raw)
    assert max(map(len, shown.splitlines())) <= 60
    assert re.search(r"\x1b\[3\d", raw) is None  # NO_COLOR
    assert "mend it." in " ".join(shown.split())


TWO_CATEGORIES = [
    f'OpSpec(name="{category}{number:02}", target="a:b", summary="S.", category="{category}")'
    for category, count in (("curved", 2), ("straight", 22))
    for number in range(count)
]


def test_category_is_a_column_and_a_filter(flodl, install):
    """Where there are categories, they are shown; one may be asked for."""
    install("shapes", "flodl_ops", *TWO_CATEGORIES)
    done = flodl("list", "ops", "--category", "Curved", "--plugin", "shapes")
    assert [
        "name      category  from        summary",
        "curved00  curved    shapes 1.0  S.",
        "curved01  curved    shapes 1.0  S.",
    ] == done.stdout.splitlines()


def test_mistyped_category_suggests(flodl, install):
    """With the near one."""
    install("shapes", "flodl_ops", *TWO_CATEGORIES)
    done = flodl("list", "ops", "--category", "curvd")
    assert [
        "UsageError: nothing is of the category 'curvd'",
        "  at: flodl list --category",
        "  try: did you mean 'curved'?",
    ] == done.stderr.splitlines()


def test_categories_are_counted(flodl, install):
    """A line per category: how many, and which."""
    install("shapes", "flodl_ops", *TWO_CATEGORIES)
    lines = flodl("list", "ops", "--categories", "--plugin", "shapes").stdout.splitlines()
    assert ["category  count  names", "curved    2      curved00 curved01"] == lines[:2]
    assert lines[2].startswith("straight  22     straight00 straight01")
    curved, straight = json.loads(flodl("list", "ops", "--categories", "--plugin", "shapes", "--json").stdout)[
        "categories"
    ]
    assert {"category": "curved", "count": 2, "components": ["op:shapes/curved00", "op:shapes/curved01"]} == curved
    assert ("straight", 22) == (straight["category"], straight["count"])


@pytest.mark.parametrize("columns", ["20", "40", "60", "200"])
def test_a_narrow_terminal_loses_nothing(acme, site, here, columns):
    """However narrow, every cell is printed; what has no room to wrap is left to the terminal."""
    main, other = pty.openpty()
    command = [sys.executable, "-m", "flodl_cli", "list", "--plugin", "acme-layers"]
    env = environment(site, COLUMNS=columns, NO_COLOR="1", TERM="dumb")
    subprocess.run(command, cwd=here, env=env, stdout=other, stderr=subprocess.PIPE, check=True, timeout=60)
    os.close(other)
    words = re.sub(r"\x1b\[[0-9;]*m", "", os.read(main, 100_000).decode()).split()
    told = ["acme_glu", "gated", "acme-layers", "0.3", "Gated", "SiLU", "feed-forward."]
    assert all(word in words for word in ["kind", "name", "category", "from", "summary", *told])


def test_a_long_list_stands_under_headings_on_a_terminal(install, site, here):
    """With counts, aligned over all of them, and a word on how to ask for less."""
    install("shapes", "flodl_ops", *TWO_CATEGORIES)
    main, other = pty.openpty()
    command = [sys.executable, "-m", "flodl_cli", "list", "ops", "--plugin", "shapes"]
    env = environment(site, COLUMNS="80", NO_COLOR="1", TERM="dumb")
    done = subprocess.run(command, cwd=here, env=env, stdout=other, stderr=subprocess.PIPE, check=True, timeout=60)
    os.close(other)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", os.read(main, 100_000).decode()).splitlines()
    assert [
        "curved (2)",
        "  curved00    S. (shapes 1.0)",
        "  curved01    S. (shapes 1.0)",
        "",
        "straight (22)",
    ] == lines[:5]
    assert b"24 ops; fewer: flodl list ops WORD, 'conv*' or --category NAME" in done.stderr
