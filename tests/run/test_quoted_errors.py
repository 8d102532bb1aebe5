"""Errors that the pages on experiment files show are those that the command prints."""

from __future__ import annotations

import re

import pytest
from projects import ROOT

HOW_TO = (ROOT / "docs" / "how-to" / "run-an-experiment.md").read_text()
REFERENCE = (ROOT / "docs" / "reference" / "cli.md").read_text()
FLOWERS = re.search(r"^```toml\n(.*?)^```$", HOW_TO, re.MULTILINE | re.DOTALL)[1]
DIGITS = (ROOT / "examples" / "digits.toml").read_text()


def quoted(page, kind):
    """The lines of the first text block of a page that begins with this class of error."""
    return re.search(rf"^```text\n({kind}: .*?)^```$", page, re.MULTILINE | re.DOTALL)[1]


@pytest.mark.parametrize(
    ("name", "text", "shown"),
    [
        ("flowers.toml", FLOWERS.replace('"adamw"', '"adanw"'), quoted(HOW_TO, "UnknownComponent")),
        ("digits.toml", DIGITS.replace("[train]", "[train]\nclip_nrom = 1.0"), quoted(REFERENCE, "ExperimentError")),
    ],
)
def test_a_slip_is_told_as_the_page_shows(name, text, shown, run_python):
    """The page's own file with one slip in it gives the page's lines, and exit code 2."""
    (run_python.here / name).write_text(text)
    done = run_python("-m", "flodl_cli", "run", name, "--check")
    assert (2, shown) == (done.returncode, done.stderr)
