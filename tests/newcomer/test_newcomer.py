"""A newcomer who types what the how-to page says, in empty environments: from nothing to somebody else's run."""

from __future__ import annotations

import doctest
import importlib.util
import shutil

import pytest
from pages import blocks
from projects import ROOT

PAGE = ROOT / "docs" / "how-to" / "write-a-plugin.md"


@pytest.mark.skipif(importlib.util.find_spec("hatchling") is None, reason="hatchling is not installed here")
def test_the_page_is_what_a_newcomer_needs(new_environment):
    """New plugin, install, list, a change of one's own, tests, check, wheel; elsewhere the wheel, used from TOML.

    Every command ends well and prints what the page shows; files are written where the page says.
    """
    mine, elsewhere = new_environment("mine"), new_environment("elsewhere")
    homes = {mine: mine.folder, elsewhere: elsewhere.folder}
    printed = {}
    typed = ""
    for block in blocks(PAGE):
        where = elsewhere if block.note.startswith("elsewhere") else mine
        if "file: " in block.note:
            target = homes[where] / block.note.partition("file: ")[2]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text)
        elif block.language == "sh":
            typed = where.type(block.text)
            printed[block.text] = typed
            for wheel in homes[mine].rglob("dist/*.whl"):  # sent by mail
                shutil.copy(wheel, elsewhere.folder)
        elif block.language == "text" and typed:
            flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
            assert doctest.OutputChecker().check_output(block.text, typed, flags), typed
            typed = ""
        else:
            typed = ""
    assert 6 == len(printed), "a command of the page was not typed"
    plugins = printed["pip install acme_losses-0.1.0-py3-none-any.whl\nflodl plugins\n"]
    assert ["acme-losses", "0.1.0", "loaded"] in [line.split()[:3] for line in plugins.splitlines()]
    assert "held out" in printed["flodl run flowers.toml\n"]
