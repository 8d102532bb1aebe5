"""Python and flodl's own distributions: what is installed, and whether it fits together."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from importlib import metadata

from flodl_core.plugins import FIRST_PARTY

from flodl_cli.health.finding import Finding

_LEAST_PYTHON = (3, 10)


def look_at_python() -> Iterator[Finding]:
    """The interpreter and the machine."""
    version = platform.python_version()
    if sys.version_info < _LEAST_PYTHON:
        least = ".".join(map(str, _LEAST_PYTHON))
        yield Finding("python", f"{version}, flodl needs {least}", "problem", f"install Python {least} or newer")
    else:
        yield Finding("python", f"{version}, {sys.executable}")
    yield Finding("machine", f"{platform.system()} {platform.release()}, {platform.machine()}")


def look_at_parts() -> Iterator[Finding]:
    """One line per distribution of flodl; all of one minor version."""
    installed = {name: version for name in sorted(FIRST_PARTY) if (version := _version(name))}
    own = _minor(installed.get("flodl-core", ""))
    for name in sorted(FIRST_PARTY):
        version = installed.get(name)
        if version is None:
            yield Finding(name, "not installed", "note", f"pip install {name}")
        elif _minor(version) != own:
            said = f"{version}, and flodl-core is {installed['flodl-core']}"
            yield Finding(name, said, "problem", f"pip install --upgrade {' '.join(installed)}")
        else:
            yield Finding(name, version)


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _minor(version: str) -> tuple[str, ...]:
    return tuple(version.split(".")[:2])
