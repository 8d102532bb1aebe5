"""docs/how-to/questions.md quotes what a step's report says."""

from __future__ import annotations

import re

import pytest
from projects import ROOT

PAGE = (ROOT / "docs" / "how-to" / "questions.md").read_text()
TABLE = PAGE.partition("| the report says | do |")[2].partition("\n\n")[0]
QUOTED = [
    phrase for row in TABLE.splitlines() for phrase in re.findall(r"`([^`]+)`", row.split("|")[1] if "|" in row else "")
]
SOURCES = "\n".join(
    file.read_text()
    for room in ("flodl-core/src/flodl_core/capture", "flodl-nn/src/flodl_nn/step", "flodl-graph/src/flodl_graph")
    for file in (ROOT / room).rglob("*.py")
)
VARIABLE = re.compile(r"(?:, at )?'?\.\.\.'?|\bcpu\b|\bcuda:0|\bLBFGS\b")  # what differs from one report to the next


@pytest.mark.parametrize("phrase", QUOTED)
def test_a_reason_is_one_that_the_report_gives(phrase):
    """Each quoted reason, where it is the same for everybody, stands in the sources."""
    assert [] == [part for part in map(str.strip, VARIABLE.split(phrase)) if part.strip(" ,:") not in SOURCES]
