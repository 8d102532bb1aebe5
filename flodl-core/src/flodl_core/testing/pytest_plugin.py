"""Fixtures for the tests of plugins; pytest finds them wherever flodl-core is installed.

    flodl_prove      prove a component, and count its checks in the summary
    flodl_device     "cpu", or what FLODL_TEST_DEVICE says
    flodl_install    write a distribution that looks installed, without pip
    flodl_registry   a registry of its own that sees what flodl_install writes

This module is imported by every run of pytest in such an environment: it imports pytest and nothing else until a
fixture is used, so neither torch nor a plugin.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flodl_core.provider import Component
    from flodl_core.registry import Registry
    from flodl_core.testing.contracts.proof import Proof
    from flodl_core.testing.distributions import FakeDistribution

_PROOFS = pytest.StashKey["list[Proof]"]()


@pytest.fixture(scope="session")
def flodl_device() -> str:
    """Where tensors of a test live: `"cpu"`, or what the variable `FLODL_TEST_DEVICE` says."""
    return os.environ.get("FLODL_TEST_DEVICE", "cpu")


@pytest.fixture(scope="session")
def flodl_prove(flodl_device: str, pytestconfig: pytest.Config) -> Callable[..., Proof]:
    """`flodl_core.testing.prove` on the device under test; the summary counts what was run, waived, skipped."""
    from flodl_core.testing.contracts.proof import prove

    proofs = pytestconfig.stash.setdefault(_PROOFS, [])

    def run(component: Component, **options: Any) -> Proof:
        proof = prove(component, **{"device": flodl_device, **options})
        proofs.append(proof)
        return proof

    return run


@pytest.fixture
def flodl_site(tmp_path: Path) -> Path:
    """The folder in which `flodl_install` installs; for a process of one's own, `environment(flodl_site)`."""
    folder = tmp_path / "flodl-site"
    folder.mkdir()
    return folder


@pytest.fixture
def flodl_install(flodl_site: Path) -> Callable[..., FakeDistribution]:
    """`flodl_core.testing.fake_distribution` into a folder of this test alone."""
    from flodl_core.testing.distributions import fake_distribution

    def install(name: str, version: str = "1.0", **options: Any) -> FakeDistribution:
        return fake_distribution(flodl_site, name, version, **options)

    return install


@pytest.fixture
def flodl_registry(flodl_site: Path) -> Iterator[Registry]:
    """A registry of this test alone, that has read nothing yet, and sees what `flodl_install` wrote."""
    from flodl_core.testing.isolation import fresh_registry

    with fresh_registry(flodl_site) as registry:
        yield registry


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """One line about contracts, if any was proved: a green run that ran less than it should is seen."""
    proofs = config.stash.get(_PROOFS, [])
    if proofs:
        from flodl_core.testing.contracts.proof import Proof

        whole = Proof(tuple(result for proof in proofs for result in proof.results))
        number = f"{len(proofs)} component{'s' if len(proofs) != 1 else ''}"
        terminalreporter.write_line(f"flodl checks of {number}: {whole}")
