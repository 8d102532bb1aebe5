"""The fixtures for authors, used as a stranger's test suite uses them: in a process and a folder of their own."""

from __future__ import annotations

import subprocess
import sys

import pytest
from flodl_core.testing import environment

LIGHT = """
import sys

def test_nothing_heavy_is_here():
    heavy = {"torch", "numpy", "flodl_core.registry", "flodl_core.testing.distributions"} & set(sys.modules)
    assert set() == heavy
"""

AUTHOR = '''
from pathlib import Path

import pytest
from flodl_core import ContractError
from flodl_core.testing import components_of, plugin_source

SOURCE = """
from dataclasses import dataclass

@dataclass(frozen=True)
class Halving:
    def factor(self, step): return {}
    def lr(self, step, base): return base * self.factor(step)
"""


@pytest.fixture
def halving(flodl_install, flodl_registry):
    def make(factor):
        spec = 'SchedulerSpec(name="halving", target="acme_code:Halving", summary="S.", example=Example())'
        plugin = plugin_source("flodl_schedulers", spec)
        files = {"acme_plugin.py": plugin, "acme_code.py": SOURCE.format(factor)}
        flodl_install("acme", "0.3", entry_points={"acme": "acme_plugin"}, files=files)
        return components_of("acme", flodl_registry)[0]

    return make


def test_it_is_proved(halving, flodl_prove, flodl_registry):
    flodl_prove(halving("0.5 ** step"), registry=flodl_registry)


def test_it_is_refused(halving, flodl_prove, flodl_registry):
    with pytest.raises(ContractError):
        flodl_prove(halving("-1.0"), registry=flodl_registry)


def test_nothing_is_left(flodl_registry):
    assert "acme" not in {report.distribution for report in flodl_registry.plugins()}


def test_the_device_is_told(flodl_device):
    assert "cpu" == flodl_device
'''


@pytest.fixture
def run(tmp_path):
    """Run pytest on one file: `run(source, **variables)`."""

    def start(source, *options, **variables):
        (tmp_path / "test_mine.py").write_text(source)
        command = [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
        inherited = environment().items()
        env = {name: value for name, value in inherited if not name.startswith("PYTEST_")}  # none of this run's
        env.update(variables)
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120)

    return start


def test_it_costs_nothing_when_merely_installed(run):
    """A run of pytest that uses no fixture of ours has imported neither torch nor the registry."""
    done = run(LIGHT, "-p", "flodl_core.testing.pytest_plugin", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    assert 0 == done.returncode, done.stdout + done.stderr
    assert "flodl checks" not in done.stdout


def test_authors_prove_without_pip(run):
    """Distributions without pip, a registry per test, and a summary that counts the checks that were run."""
    done = run(AUTHOR, FLODL_TEST_DEVICE="cpu")
    assert 0 == done.returncode, done.stdout + done.stderr
    assert "4 passed" in done.stdout
    assert "flodl checks of 1 component: 6 run, 0 failed, 0 expected to fail, 1 skipped" in done.stdout


def test_a_device_without_checks_is_refused(run):
    """A slip in the variable must not make the run green."""
    done = run(AUTHOR, "-k", "proved", FLODL_TEST_DEVICE="cuda:0")
    assert 1 == done.returncode
    assert "no check of its kind is for the device 'cuda:0'" in done.stdout
