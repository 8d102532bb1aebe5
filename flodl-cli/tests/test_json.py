"""What programs read: one JSON object on stdout, its form held fast by golden files, whatever plugins do (G14).

A change of these files is a change of `SCHEMA`, unless it only adds keys.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from flodl_cli.output.machine import SCHEMA

GOLDEN = Path(__file__).parent / "golden"
COMMANDS = {
    "list": ["list", "--plugin", "acme-layers", "--all", "--json"],
    "show": ["show", "module", "acme_glu", "--no-params", "--json"],
    "plugins": ["plugins", "--json"],
    "doctor": ["doctor", "--json"],
}


def of_the_test(command, found):
    """Without what differs from machine to machine: other plugins, other findings."""
    if command == "plugins":
        found["plugins"] = [each for each in found["plugins"] if each["distribution"] in ("acme-layers", "sick")]
        found["problems"] = [each for each in found["problems"] if each.startswith("plugin sick")]
    if command == "doctor":
        found["findings"] = [each for each in found["findings"] if each["name"] == "plugin acme-layers"]
    return found


@pytest.fixture
def told(flodl, acme, install, site):
    """A command's answer while another plugin is broken and noisy."""
    install("sick", "flodl_ops", before="print('noise on stdout')\nraise RuntimeError('at import')")

    def run(*arguments):
        done = flodl(*arguments)
        found = of_the_test(arguments[0], json.loads(done.stdout))
        return json.loads(json.dumps(found).replace(json.dumps(str(site))[1:-1], "SITE")), done

    return run


@pytest.mark.parametrize("command", COMMANDS)
def test_the_form_is_the_golden_files(command, told):
    """Keys, their order and their values."""
    found, _ = told(*COMMANDS[command])
    assert (GOLDEN / f"{command}.json").read_text() == json.dumps(found, indent=2) + "\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_the_schema_comes_first_and_is_the_one(command, told):
    """A program can tell whether it understands."""
    found, _ = told(*COMMANDS[command])
    assert ("schema", SCHEMA) == next(iter(found.items()))


@pytest.mark.parametrize("command", COMMANDS)
def test_stdout_is_json_and_nothing_else(command, told):
    """Python's own reader takes it, though a plugin printed and failed; what is to be said of that is on stderr."""
    _, done = told(*COMMANDS[command])
    assert done.stdout.isascii()
    tool = subprocess.run(
        [sys.executable, "-m", "json.tool"], input=done.stdout, capture_output=True, text=True, timeout=60
    )
    assert (0, "") == (tool.returncode, tool.stderr)
    assert "noise" not in done.stdout
