"""Packages that import nothing until asked (G1)."""

from __future__ import annotations

import subprocess
import sys

import flodl_core
import pytest
from flodl_core.testing import environment

QUIET = [
    "import flodl_core",
    "import flodl_core.plugins",
    "import flodl_core.registry",
    "import flodl_core.testing",
    "from flodl_core import *",
    "from flodl_core import components; components.kinds",
    "from flodl_core import components; components.plugins()",
    "from flodl_core.testing import *",
]


@pytest.mark.parametrize("code", QUIET)
def test_neither_torch_nor_a_plugin(code):
    """G1: what listing and help import is light, in a process of its own."""
    ask = f"{code}\nimport sys\nprint({{'torch', 'numpy', 'flodl_nn.builtin'}} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", ask], env=environment(), capture_output=True, text=True, check=True)
    assert ("set()\n", "") == (run.stdout, run.stderr)


def test_importing_the_package_imports_none_of_it():
    """`import flodl_core` costs one small module."""
    ask = "import sys, flodl_core; print(sorted(m for m in sys.modules if m.startswith('flodl_core')))"
    run = subprocess.run([sys.executable, "-c", ask], env=environment(), capture_output=True, text=True, check=True)
    assert "['flodl_core', 'flodl_core.lazy']\n" == run.stdout


def test_listing_works_with_torch_blocked():
    """G1: a laptop without torch can list what there is."""
    ask = "import sys; sys.modules['torch'] = None\nfrom flodl_core import components\ncomponents.list()"
    subprocess.run([sys.executable, "-c", ask], env=environment(), capture_output=True, check=True)


def test_all_names_are_there():
    """`__all__` is sorted, complete, and what `dir` shows."""
    assert sorted(flodl_core.__all__) == flodl_core.__all__ == dir(flodl_core)
    for name in flodl_core.__all__:
        assert getattr(flodl_core, name) is not None


def test_an_unknown_name():
    """As from any module."""
    with pytest.raises(AttributeError, match="module 'flodl_core' has no attribute 'componets'"):
        flodl_core.componets  # noqa: B018
