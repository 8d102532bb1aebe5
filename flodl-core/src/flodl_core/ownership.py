"""Whose code is it? A plugin may name any target; a person may want to know when it is not the plugin's own."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit

from flodl_core.policy import canonical
from flodl_core.provider import Component


def foreign_target(component: Component) -> str | None:
    """Why a target is not code of the distribution that declares it, or of what that requires; None when it is.

    Looks at metadata alone and imports nothing: for `doctor`, since it reads file lists.
    """
    target, declaring = component.spec.target, component.origin.distribution
    module = target.partition(":")[0].partition(".")[0]
    try:
        closure = _closure(metadata.distribution(declaring))
    except metadata.PackageNotFoundError:
        return None  # a session's own plugin
    if module in sys.stdlib_module_names:
        return f"{target} is Python's own code, not {declaring}'s"
    if any(_owns(distribution, module) for distribution in closure):
        return None
    owners = sorted({canonical(d.metadata["Name"]) for d in metadata.distributions() if _owns(d, module)})
    whose = f"belongs to {' and '.join(owners)}" if owners else "belongs to no installed distribution"
    return f"{target} {whose}, not to {declaring} or what it requires"


def _closure(distribution: metadata.Distribution) -> Iterator[metadata.Distribution]:
    """A distribution, what it requires, what those require..., as far as installed; nearest first."""
    waiting, seen = [distribution], {canonical(distribution.metadata["Name"])}
    while waiting:
        yield (current := waiting.pop(0))
        for text in current.requires or ():
            name = canonical(re.split(r"[^\w.-]", text.strip(), maxsplit=1)[0])
            if name not in seen:
                seen.add(name)
                try:
                    waiting.append(metadata.distribution(name))
                except metadata.PackageNotFoundError:
                    continue  # optional, or for another platform


def _owns(distribution: metadata.Distribution, module: str) -> bool:
    """Whether a top-level module is among a distribution's files, or in the source tree it was installed from."""
    tops = {file.parts[0] for file in distribution.files or ()}
    if module in tops or any(top.startswith(f"{module}.") for top in tops):
        return True
    source = _editable_source(distribution)
    return source is not None and (_lies_in(source, module) or _found_below(source, module))


def _editable_source(distribution: metadata.Distribution) -> Path | None:
    """The folder of an editable installation (PEP 610)."""
    try:
        data = json.loads(distribution.read_text("direct_url.json") or "{}")
    except ValueError:
        return None
    if not data.get("dir_info", {}).get("editable"):
        return None
    return Path(unquote(urlsplit(data["url"]).path)).resolve()


def _lies_in(source: Path, module: str) -> bool:
    """Whether a source tree has it at one of the two usual places, whatever of that name is imported."""
    return any((source / folder / name).exists() for folder in ("src", "") for name in (module, f"{module}.py"))


def _found_below(source: Path, module: str) -> bool:
    """Whether the module that an import would find lies anywhere in a source tree."""
    place = _place(module)
    return place is not None and place.is_relative_to(source)


def _place(module: str) -> Path | None:
    """Where a top-level module lies; found, not imported."""
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    folders = list(spec.submodule_search_locations or ())
    where = folders[0] if folders else spec.origin
    return Path(where).resolve() if where else None
