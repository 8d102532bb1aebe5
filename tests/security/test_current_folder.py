"""What lies about in the current folder is not loaded: only what was installed is."""

from __future__ import annotations

import subprocess
import sysconfig
from pathlib import Path

import pytest
from flodl_core.testing import fake_distribution

FLODL = Path(sysconfig.get_path("scripts")) / "flodl"
TOUCHES = "import pathlib\npathlib.Path('was_imported').touch()\n"


@pytest.mark.skipif(not FLODL.exists(), reason="the command is not installed here")
@pytest.mark.parametrize("command", [["list"], ["plugins"], ["doctor", "--timings"]])
def test_a_plugin_that_lies_here_is_none(command, tmp_path):
    """A cloned repository or a download cannot make `flodl` run its code: neither as a plugin, nor as torch."""
    fake_distribution(tmp_path, "lying-about", entry_points={"lying_about": "lying_about"})
    for name in ("lying_about", "torch", "flodl_nn", "click", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text(TOUCHES)
    done = subprocess.run([FLODL, *command], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert "lying" not in done.stdout + done.stderr
    assert not (tmp_path / "was_imported").exists()
