"""What the metadata of a plugin's distribution says, as an installer, a type checker and a reader will see it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

from flodl_core.plugins import PluginReport
from flodl_core.policy import canonical

from flodl_cli.health.finding import Finding
from flodl_cli.locate import find_module

_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)\s*(\[[^\]]*\])?\s*\(?(?P<versions>[^;)]*)\)?\s*(;.*)?")
_LEAST = re.compile(r">=|~=|==|>")
_MOST = re.compile(r"<|~=|==")


def packages_of(reports: Sequence[PluginReport]) -> Sequence[str]:
    """The top-level packages in which its entry points lie."""
    return sorted({report.value.partition(":")[0].split(".")[0].strip() for report in reports})


def look_at_packaging(distribution: str, reports: Sequence[PluginReport]) -> Iterator[Finding]:
    """Requirements, types, and the words that an index shows.

    Args:
        distribution: Its canonical name.
        reports: Of its plugins.
    """
    installed = metadata.distribution(distribution)
    problems = [
        *_requires_flodl(distribution, installed.requires or []),
        *_says(installed.metadata),
        *_is_typed(packages_of(reports)),
    ]
    yield from problems
    if not problems:
        yield Finding("packaging", "requires flodl-core within bounds, typed, described")


def _requires_flodl(distribution: str, requires: list[str]) -> Iterator[Finding]:
    if distribution == "flodl-core":
        return
    parsed = [match for text in requires if (match := _REQUIREMENT.match(text))]
    found = next((m for m in parsed if canonical(m["name"]) == "flodl-core" and "extra" not in m[0]), None)
    major, minor = metadata.version("flodl-core").split(".")[:2]
    mend = f'dependencies = ["flodl-core>={major}.{minor},<{int(major) + 1}"] in [project]'
    if found is None:
        yield Finding("packaging", "it does not require flodl-core", "problem", mend)
    elif not (_LEAST.search(found["versions"]) and _MOST.search(found["versions"])):
        said = f"it requires {found[0].strip()!r}: from which version on, and up to which, is not said"
        yield Finding("packaging", said, "problem", mend)


def _says(headers: metadata.PackageMetadata) -> Iterator[Finding]:
    said = {key.lower() for key in headers}
    for field, key in (("Summary", "description"), ("Requires-Python", "requires-python")):
        if field.lower() not in said:
            yield Finding("packaging", f"its metadata has no {field}", "problem", f"{key} = ... in [project]")
    licensed = any("License ::" in value for value in headers.get_all("Classifier") or [])
    if not licensed and not said & {"license-expression", "license", "license-file"}:
        yield Finding("packaging", "it does not say under which license it may be used", "note", 'license = "MIT"')


def _is_typed(packages: Sequence[str]) -> Iterator[Finding]:
    for package in packages:
        file = find_module(package)
        if file is None or Path(file).stem != "__init__":
            continue  # a module that cannot be found is told elsewhere; a lone module has no place for the marker
        if not Path(file).with_name("py.typed").is_file():
            said = f"package {package} has no py.typed: type checkers take all of it for Any"
            yield Finding("packaging", said, "problem", f"an empty file {package}/py.typed")
