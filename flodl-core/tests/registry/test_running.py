"""A program that is a plugin itself, as its author tries it: `python plugin.py`."""

from __future__ import annotations

import subprocess
import sys

import pytest
from flodl_core.testing import environment, fake_distribution

PROGRAM = """
from flodl_core import LossSpec, components, hookimpl

print("run", __name__)

@hookimpl
def flodl_losses():
    yield LossSpec(name="acme_focal", target="acme:Focal", summary="S.")

class Mine:
    @staticmethod
    @hookimpl
    def flodl_losses():
        yield LossSpec(name="acme_other", target="acme:Other", summary="S.")

print(components.find("loss", WANTED).id)
"""


@pytest.mark.parametrize(
    ("value", "wanted"),
    [("acme_plugin", "acme_focal"), ("acme_plugin:Mine", "acme_other"), ("pack.acme_plugin", "acme_focal")],
)
@pytest.mark.parametrize("by_name", [True, False])
def test_it_finds_what_it_declares_itself(tmp_path, value, wanted, by_name):
    """It is run once, by its path or by its name."""
    module = value.partition(":")[0]
    file = f"{module.replace('.', '/')}.py"
    files = {file: PROGRAM.replace("WANTED", repr(wanted)), "pack/__init__.py": ""}
    fake_distribution(tmp_path, "acme", entry_points={"acme": value}, files=files)
    command = ["-m", module] if by_name else [str(tmp_path / file)]
    run = [sys.executable, "-W", "error", *command]
    done = subprocess.run(run, env=environment(tmp_path), cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert ("run __main__\nloss:acme/" + wanted + "\n", "") == (done.stdout, done.stderr)


def test_a_namesake_is_imported(tmp_path):
    """Another file of that name is another module."""
    (tmp_path / "elsewhere").mkdir()
    program = tmp_path / "elsewhere" / "acme_plugin.py"
    program.write_text(
        "import sys\nsys.path.remove(sys.path[0])\nfrom flodl_core import components\n"
        'print(components.find("loss", "acme_focal").id)\n'
    )
    plugin = PROGRAM[: PROGRAM.index("class Mine")].replace('print("run", __name__)', "")
    fake_distribution(tmp_path, "acme", entry_points={"acme": "acme_plugin"}, files={"acme_plugin.py": plugin})
    run = [sys.executable, "-W", "error", str(program)]
    done = subprocess.run(run, env=environment(tmp_path), cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert ("loss:acme/acme_focal\n", "") == (done.stdout, done.stderr)


ASKING = """
from flodl_core import LossSpec, components, hookimpl

@hookimpl
def flodl_losses():
    yield LossSpec(name="acme_focal", target="acme:Focal", summary="S.")
    if COMPLETE:
        yield LossSpec(name="acme_other", target="acme:Other", summary="S.")

COMPLETE = False
components.find("loss", "acme_focal")
COMPLETE = True
components.find("loss", "acme_other")
"""

REPORT = """
from flodl_core import components
print(sorted(c.name for c in components.list("loss") if c.origin.distribution == "acme"))
print([report.state for report in components.plugins() if report.distribution == "acme"])
"""


@pytest.mark.parametrize(
    ("ending", "state", "said"),
    [
        ("", "loaded", ""),
        ("\n1 / 0", "faulty", "ZeroDivisionError"),
        ("\ncomponents.find('loss', 'no')", "faulty", "'no'"),
    ],
)
def test_a_plugin_finds_what_it_has_declared_while_it_is_imported(tmp_path, ending, state, said):
    """Each of its components stands once, also where its import fails in the end."""
    fake_distribution(tmp_path, "acme", entry_points={"acme": "acme_plugin"}, files={"acme_plugin.py": ASKING + ending})
    run = [sys.executable, "-W", "error", "-c", REPORT]
    done = subprocess.run(run, env=environment(tmp_path), cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert f"['acme_focal', 'acme_other']\n['{state}']\n" == done.stdout
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == bool(said)
