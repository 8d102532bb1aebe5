"""What plugins hold on to stays: hooks, specs and functions gain arguments with defaults, and lose nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from as_module import as_module

HERE = Path(__file__).parent
surface = as_module(HERE / "surface.py")
V1 = json.loads((HERE / "v1" / "surface.json").read_text())
TODAY = surface.surface()


@pytest.mark.parametrize("name", V1)
def test_v1_calls_still_fit(name):
    """Each hook, spec and function that API 1 had takes what it took, and what was left out means what it meant."""
    assert name in TODAY, f"{name} is gone"
    assert [] == list(surface.breaks(V1[name], TODAY[name]))


def test_nothing_is_left_out():
    """Whatever is held fast today was frozen, or came later."""
    assert len(V1) >= 60
    assert V1.keys() <= TODAY.keys()


WAS = [["name", "POSITIONAL_OR_KEYWORD", None], ["size", "POSITIONAL_OR_KEYWORD", "3"], ["odd", "KEYWORD_ONLY", "None"]]


@pytest.mark.parametrize(
    ("now", "why"),
    [
        ([*WAS, ["new", "KEYWORD_ONLY", "0"]], []),
        ([*WAS[:2], ["new", "POSITIONAL_OR_KEYWORD", "0"], WAS[2]], []),
        ([*WAS, ["more", "VAR_KEYWORD", None]], []),
        ([*WAS[:2], ["odd", "POSITIONAL_OR_KEYWORD", "None"]], []),
        ([["name", "POSITIONAL_OR_KEYWORD", "''"], *WAS[1:]], []),
        (WAS[:2], ["odd is gone"]),
        ([*WAS, ["new", "KEYWORD_ONLY", None]], ["new is new and has no default"]),
        ([WAS[0], ["size", "POSITIONAL_OR_KEYWORD", "4"], WAS[2]], ["size was 3 when left out, is 4"]),
        ([WAS[0], ["size", "POSITIONAL_OR_KEYWORD", None], WAS[2]], ["size was 3 when left out, is None"]),
        ([WAS[0], ["size", "KEYWORD_ONLY", "3"], WAS[2]], ["size was POSITIONAL_OR_KEYWORD, is KEYWORD_ONLY"]),
        ([["new", "POSITIONAL_OR_KEYWORD", "0"], *WAS], ["the order was name, size, is new, name, size"]),
    ],
)
def test_what_counts_as_a_break(now, why):
    """Additions with defaults do not; a loss, another default, another place do."""
    assert why == list(surface.breaks(WAS, now))
