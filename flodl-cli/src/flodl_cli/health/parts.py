"""Python and flodl's own distributions: what is installed, whether it fits together, and what they ask for."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator, Mapping

from flodl_core.plugins import FIRST_PARTY
from flodl_core.requirements import unmet

from flodl_cli.health.finding import Finding
from flodl_cli.health.installed import requirements_of, versions_of

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
    """One line per distribution of flodl: all of one minor version, each once, with what it requires."""
    versions = {name: versions_of(name) for name in sorted(FIRST_PARTY)}
    installed = {name: found[0] for name, found in versions.items() if found}
    for name, found in versions.items():
        if not found:
            yield Finding(name, "not installed", "note", f"pip install {name}")
            continue
        if len(found) > 1:
            yield several(name, found)
        yield _look_at(name, found[0], installed)


def several(name: str, versions: list[str]) -> Finding:
    """A distribution that is installed more than once: which of them is imported, nobody can tell from its version."""
    said = f"installed {len(versions)} times: {', '.join(versions)}"
    return Finding(name, said, "problem", f"pip uninstall -y {name}, until it is gone; then pip install {name}")


def _look_at(name: str, version: str, installed: Mapping[str, str]) -> Finding:
    own = installed.get("flodl-core", "")
    missing = [(need, why) for need in requirements_of(name) if (why := unmet(need))]
    if not version:
        said, mend = "its metadata has no version", f"pip install --force-reinstall {name}"
    elif _minor(version) != _minor(own):
        said, mend = f"{version}, and flodl-core is {own or 'missing'}", f"pip install --upgrade {' '.join(installed)}"
    elif missing:
        said = f"{version} requires {'; '.join(f'{need}, {why}' for need, why in missing)}"
        mend = f"pip install {' '.join(repr(need.partition(';')[0].strip()) for need, _ in missing)}"
    else:
        return Finding(name, version)
    return Finding(name, said, "problem", mend)


def _minor(version: str) -> tuple[str, ...]:
    return tuple(version.split(".")[:2])
