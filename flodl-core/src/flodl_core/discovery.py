"""What is installed: the entry points of the group `flodl`, in an order that sys.path has no say in.

One scan per process. A distribution whose metadata cannot be read costs the others nothing.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from functools import reduce
from importlib import metadata
from types import ModuleType
from typing import final

from attrs import frozen

from flodl_core.errors import PluginError
from flodl_core.guard import one_line, said
from flodl_core.policy import canonical
from flodl_core.running import running_module

GROUP = "flodl"
FIRST_PARTY = frozenset({"flodl-core", "flodl-nn", "flodl-graph", "flodl-monitor", "flodl-cli"})

_VALUE = re.compile(r"[\w.]+\s*(:\s*[\w.]+\s*)?(\[.*\]\s*)?")


@final
@frozen
class Found:
    """An installed plugin, not imported yet; `fault` tells what is wrong with its metadata."""

    distribution: str
    version: str
    entry_point: metadata.EntryPoint
    fault: str = ""

    @property
    def builtin(self) -> bool:
        """Whether it is flodl's own."""
        return self.distribution in FIRST_PARTY

    def load(self) -> object:
        """Import what the entry point names, unless it is the program itself."""
        value = self.entry_point.value
        if not _VALUE.fullmatch(value):
            raise PluginError(f"{value!r} is no entry point, which reads package.module or package.module:object")
        program = running_module(self.entry_point.module)
        if program is None:
            return self.entry_point.load()
        return self._in(program)

    def begun(self) -> object | None:
        """What the entry point names as far as it is imported: a plugin may ask for what it has declared above."""
        module = sys.modules.get(self.entry_point.module)
        try:
            return None if module is None else self._in(module)
        except AttributeError:  # it comes further down
            return None

    def _in(self, module: ModuleType) -> object:
        return reduce(getattr, filter(None, (self.entry_point.attr or "").split(".")), module)


def discover() -> tuple[list[Found], list[str]]:
    """Every installed plugin, built-in ones first, and what is wrong with distributions that cannot be read."""
    try:
        points = list(metadata.entry_points(group=GROUP))
        unreadable: list[str] = []
    except Exception:  # one damaged entry_points.txt spoils the call for all: look one by one
        points, unreadable = _one_by_one()
    found: dict[tuple[bool, str, str, str], Found] = {}
    for point in points:
        plugin = _with_provider(point)
        key = (not plugin.builtin, plugin.distribution, point.name, point.value)
        found.setdefault(key, plugin)  # the same one twice: installed and still in a second folder
    return [found[key] for key in sorted(found)], sorted(unreadable)


def _one_by_one() -> tuple[list[metadata.EntryPoint], list[str]]:
    points: list[metadata.EntryPoint] = []
    unreadable: list[str] = []
    names: set[str] = set()
    for distribution in metadata.distributions():
        try:
            name = canonical(_headers(distribution).get("Name", ""))
            if name and name in names:
                continue
            names.add(name)
            points += _of_group(distribution.entry_points)
        except Exception as error:
            unreadable.append(f"a distribution in {distribution.locate_file('')} cannot be read: {said(error)}")
    return points, unreadable


def _of_group(points: Iterable[metadata.EntryPoint]) -> Iterator[metadata.EntryPoint]:
    return (point for point in points if point.group == GROUP)


def _with_provider(point: metadata.EntryPoint) -> Found:
    """The entry point with its distribution's name and version; a damaged one has neither."""
    fault = ""
    name = version = None
    try:
        distribution = point.dist
        if distribution is not None:
            headers = _headers(distribution)
            name, version = headers.get("Name"), headers.get("Version")
            fault = "" if name else f"the metadata in {distribution.locate_file('')} has no Name"
    except Exception as error:
        fault = f"its metadata cannot be read: {said(error)}"
    return Found(canonical(one_line(name or "unknown")), one_line(version or "?"), point, fault)


def _headers(distribution: metadata.Distribution) -> dict[str, str]:
    """Name and version, as far as they are there; read as lines, since a mail parser costs more than a plugin."""
    text = next(filter(None, map(distribution.read_text, ("METADATA", "PKG-INFO", ""))), "")
    fields = (line.partition(":") for line in text.replace("\r\n", "\n").partition("\n\n")[0].splitlines())
    return {key: value.strip() for key, _, value in fields if key in ("Name", "Version") and value.strip()}
