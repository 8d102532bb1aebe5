"""The names of the package page: sorted, found, and nothing heavy until used."""

from __future__ import annotations

import subprocess
import sys

import flodl_nn


def test_every_public_name_is_found():
    """`__all__` is sorted and each name resolves."""
    assert sorted(flodl_nn.__all__) == list(flodl_nn.__all__)
    for name in flodl_nn.__all__:
        assert getattr(flodl_nn, name) is not None


def test_importing_the_package_imports_no_torch():
    """Schedules come without it too."""
    code = "import sys, flodl_nn; flodl_nn.cosine(5); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
