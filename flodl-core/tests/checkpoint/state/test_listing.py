"""Which states a folder holds, by their names alone."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from flodl_core.checkpoint.state.listing import name_of, next_serial, states_at, states_in
from flodl_core.checkpoint.survey import files_at


def test_the_newest_state_has_the_highest_number(tmp_path):
    """A run that went back to an earlier state has a newer one of fewer steps; what has another name is no state."""
    for name in ("step-00000200-0005", "step-00000150-0006", "step-100000000-0004", "step-7", "dashboard", ".staged-1"):
        (tmp_path / name).mkdir()
    found = ["step-00000150-0006", "step-00000200-0005", "step-100000000-0004"]
    assert found == [path.name for path in states_in(tmp_path)]
    assert ("step-00000151-0007", 7) == (name_of(151, next_serial(tmp_path)), next_serial(tmp_path))
    assert (1, []) == (next_serial(tmp_path / "none"), states_in(tmp_path / "none"))


def test_a_folder_means_its_newest_state(tmp_path):
    """Unless it is a state itself."""
    for name in ("step-00000200-0005", "step-00000150-0006"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.safetensors").touch()
    newest = tmp_path / "step-00000150-0006"
    assert [newest / "model.safetensors"] == list(files_at(tmp_path))
    (newest / "manifest.json").touch()
    assert [newest] == states_at(newest)
