"""A folder to install into, and a registry that sees that folder and nothing else."""

from __future__ import annotations

from importlib import metadata

import pytest
from flodl_core.discovery import FIRST_PARTY
from flodl_core.testing import fake_distribution, fresh_registry


@pytest.fixture(autouse=True)
def _no_policy(monkeypatch):
    for name in ("FLODL_PLUGINS", "FLODL_DISABLE_PLUGINS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def empty(tmp_path_factory):
    """A folder that hides every plugin of this environment behind a namesake that declares nothing."""
    folder = tmp_path_factory.mktemp("empty")
    names = {point.dist.metadata["Name"] for point in metadata.entry_points(group="flodl")}
    for name in names - FIRST_PARTY | {"flodl-nn", "flodl-graph", "flodl-monitor", "flodl-cli"}:
        fake_distribution(folder, name, "0")
    return folder


@pytest.fixture
def install(tmp_path):
    """Write a distribution: `install("acme-losses", source)`; its plugin module is `acme_losses_plugin`."""

    def write(name, source="", version="1.0", *, entry_point=None, value=None, files=None, **more):
        module = name.replace("-", "_") + "_plugin"
        points = {entry_point or name.removeprefix("flodl-"): value or module}
        contents = {f"{module}.py": source, **(files or {})}
        return fake_distribution(tmp_path, name, version, entry_points=points, files=contents, **more)

    return write


@pytest.fixture
def registry(tmp_path, empty):
    """A registry of what `install` wrote, before its first question."""
    with fresh_registry(tmp_path, empty) as fresh:
        yield fresh
