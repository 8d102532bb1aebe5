"""The pictures of the documentation are what its code draws today."""

from __future__ import annotations

from pictures import FOLDER, pictures


def test_pictures_are_current():
    """`python tools/pictures.py` draws them anew."""
    assert {path.name: path.read_text() for path in FOLDER.glob("*.svg")} == pictures()
