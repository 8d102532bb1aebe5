"""`flodl new`: a folder that is whole, or none; and every name that cannot be."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from flodl_cli.scaffold.kinds import BEGINNINGS
from flodl_cli.scaffold.names import check_folder_name, package_of
from flodl_cli.scaffold.plugin import plugin_files
from flodl_cli.scaffold.stage import write_folder
from flodl_cli.toml import loads
from flodl_core.component import KINDS
from flodl_core.errors import UsageError

EVERY_PLUGIN = [
    ".github/workflows/tests.yml",
    ".gitignore",
    "LICENSE",
    "README.md",
    "pyproject.toml",
    "src/acme_things/__init__.py",
    "src/acme_things/plugin.py",
    "src/acme_things/py.typed",
    "tests/test_contract.py",
    "tox.ini",
]


def files_in(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_plugin_is_a_whole_distribution(flodl, here):
    """Its files, and the commands that come next, on stdout."""
    done = flodl("new", "plugin", "acme-things", "--kind", "loss")
    assert (0, "") == (done.returncode, done.stderr)
    own = ["src/acme_things/oracle.py", "src/acme_things/poly1.py", "tests/test_poly1.py"]
    assert sorted([*EVERY_PLUGIN, *own]) == files_in(here / "acme-things")
    assert "acme-things: 13 files, a loss called poly1\n\nnext:\n  cd acme-things\n" in done.stdout
    for line in ("pip install -e '.[test]'", "flodl show loss poly1", "pytest", "flodl check ."):
        assert f"  {line} " in done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_beginning(kind):
    """All words are filled in; Python and TOML can be read; the component is named where it is declared."""
    component = BEGINNINGS[kind].component
    contents = plugin_files("acme-things", "acme_things", kind)
    assert {*EVERY_PLUGIN, f"src/acme_things/{component}.py", f"tests/test_{component}.py"} <= set(contents)
    for path, text in contents.items():
        if path.endswith(".py"):
            compile(text, path, "exec")
    project = loads(contents["pyproject.toml"])["project"]
    assert {"acme_things": "acme_things.plugin"} == project["entry-points"]["flodl"]
    assert f'name="{component}"' in contents["src/acme_things/plugin.py"]
    assert f"flodl show {kind} {component}" in contents["README.md"]


def test_the_kind_may_be_a_plural(flodl, here):
    """As everywhere."""
    assert 0 == flodl("new", "plugin", "acme-things", "--kind", "merge-ops").returncode
    assert (here / "acme-things" / "src" / "acme_things" / "smooth_max.py").is_file()


@pytest.mark.parametrize(
    ("name", "why", "mend"),
    [
        ("Acme_Losses", "lower case letters and digits", "acme-losses"),
        ("acme losses", "lower case letters and digits", "acme-losses"),
        ("../acme", "lower case letters and digits", "acme"),
        ("-x", "lower case letters and digits", "x"),
        ("Über-naïve", "lower case letters and digits", "uber-naive"),
        ("9lives", "lower case letters and digits", "lives"),
        ("", "lower case letters and digits", "acme-losses"),
        ("a" * 65, "it has more than 64 characters", "a" * 32),
        ("flodl-nn", "the name is reserved", "acme-flodl-nn"),
        ("flodl_core", "lower case letters and digits", "acme-flodl-core"),
        ("acme.losses", "lower case letters and digits", "acme-losses"),
        ("acme--losses", "lower case letters and digits", "acme-losses"),
        ("session", "the name is reserved", "acme-session"),
        ("class", "class is a word of Python's own", "acme-class"),
        ("json", "json is a word of Python's own", "acme-json"),
        ("torch", "torch is another package, which everybody knows", "acme-torch"),
        ("attrs", "a module attrs is installed here already", "acme-attrs"),
        ("flodl-core_", "lower case letters and digits", "acme-flodl-core"),
    ],
)
def test_a_name_that_cannot_be_is_refused(name, why, mend):
    """With one that can."""
    with pytest.raises(UsageError) as caught:
        package_of(name, where="flodl new plugin")
    assert f"a plugin cannot be called {name!r}: {why}" in caught.value.what
    assert (caught.value.mend or "").startswith(f"flodl new plugin {mend}")


def test_a_refusal_is_three_lines(flodl, here):
    """And nothing is written."""
    done = flodl("new", "plugin", "Acme")
    assert (2, "", []) == (done.returncode, done.stdout, files_in(here))
    assert [
        "UsageError: a plugin cannot be called 'Acme': lower case letters and digits, words joined by -, make a"
        " distribution's name",
        "  at: flodl new plugin",
        "  try: flodl new plugin acme",
    ] == done.stderr.splitlines()


def test_a_kind_that_is_none_is_refused(flodl, here):
    """With the nearest ones."""
    done = flodl("new", "plugin", "acme-things", "--kind", "looses")
    assert (2, []) == (done.returncode, files_in(here))
    assert "UnknownKind: no kind of component is called 'looses'" in done.stderr
    assert "did you mean 'losses'" in done.stderr


def test_a_folder_that_is_there_is_left_alone(flodl, here):
    """Also an empty one, and one that leads nowhere."""
    (here / "acme-things").mkdir()
    (here / "acme-words").symlink_to("nowhere")
    for name in ("acme-things", "acme-words"):
        done = flodl("new", "plugin", name)
        assert (2, []) == (done.returncode, files_in(here))
        assert (
            f"UsageError: {name} exists already\n  at: flodl new plugin\n  try: another name, or --into" in done.stderr
        )


def test_into_another_folder(flodl, here):
    """Which must be there."""
    done = flodl("new", "project", "flowers", "--into", "work")
    assert (2, []) == (done.returncode, files_in(here))
    assert "UsageError: there is no folder work\n  at: flodl new project\n  try: mkdir -p work" in done.stderr
    assert "try: mkdir -p 'my work'\n" in flodl("new", "project", "flowers", "--into", "my work").stderr
    (here / "work").mkdir()
    assert "cd work/flowers" in flodl("new", "project", "flowers", "--into", "work").stdout
    assert (here / "work" / "flowers" / "train.py").is_file()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(flodl, here):
    """Is told, and stays as it was."""
    here.chmod(0o555)
    done = flodl("new", "plugin", "acme-things")
    here.chmod(0o755)
    assert (2, []) == (done.returncode, files_in(here))
    assert "UsageError: acme-things cannot be written: Permission denied" in done.stderr


def test_what_is_interrupted_leaves_nothing(here, monkeypatch):
    """A full disk in the middle: no folder, no leftovers."""
    write = Path.write_text

    def full(path, text, **options):
        if path.name == "second":
            raise OSError(28, "No space left on device")
        return write(path, text, **options)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(UsageError, match="acme cannot be written: No space left on device"):
        write_folder(here / "acme", {"first": "1", "deep/second": "2"}, where="flodl new plugin")
    assert [] == list(here.iterdir())


def test_a_project_is_a_run_twice_and_its_data(flodl, here):
    """With a label that the graph can have, whatever the folder is called."""
    done = flodl("new", "project", "2-Flowers")
    assert 0 == done.returncode, done.stderr
    assert [".gitignore", "README.md", "experiment.toml", "requirements.txt", "spirals.csv", "train.py"] == files_in(
        here / "2-Flowers"
    )
    experiment = loads((here / "2-Flowers" / "experiment.toml").read_text())
    assert "model_2_flowers" == experiment["model"]["label"]
    assert '.label("model_2_flowers")' in (here / "2-Flowers" / "train.py").read_text()


@pytest.mark.parametrize("name", ["", "..", "a/b", "flowers.", "x" * 65, "con:"])
def test_a_project_is_called_what_a_folder_can_be(name):
    """Everywhere."""
    with pytest.raises(UsageError, match=re.escape(f"a project cannot be called {name!r}")):
        check_folder_name(name, where="flodl new project")
