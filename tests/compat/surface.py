"""What plugins hold on to - names, parameters, defaults - as data; and which changes of it break nobody.

`python tests/compat/surface.py` prints what is there today, in the form of `v1/surface.json`.
"""

from __future__ import annotations

import importlib
import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flodl_core import hookspecs

Parameters = Sequence[Sequence[Any]]
PLACED = ("POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD")
MANY = ("VAR_POSITIONAL", "VAR_KEYWORD")
CALLED = {
    "flodl_core": (
        *("CommandSpec", "DatasetSpec", "Example", "InitializerSpec", "Layout", "LossSpec", "MergeOpSpec"),
        *("ModuleSpec", "OpSpec", "OptimizerSpec", "ProbeSpec", "SchedulerSpec", "SinkSpec", "WordSpec"),
        *("Component", "Origin", "Ref", "Registry", "as_reference", "ref", "FlodlError", "PluginError"),
        *("ComponentError", "Component.bind", "Component.create", "Component.load", "Component.signature"),
        *("Registry.create", "Registry.find", "Registry.list", "Registry.plugins", "Registry.problems"),
        *("Registry.refresh", "Registry.register"),
    ),
    "flodl_core.lazy": ("lazy_exports",),
    "flodl_graph": ("AbstractNode.from_words", "AbstractNode.sketch", "Sketch"),
    "flodl_core.testing": (
        *("Check", "Skip", "Subject", "Subject.make", "FakeDistribution.uninstall", "environment", "exercise"),
        *("fake_distribution", "fresh_registry", "inputs_of", "plugin_source", "suite_of"),
    ),
}
"""What a plugin, or its tests, may call."""


def surface() -> dict[str, Parameters]:
    """Every hook and every callable of `CALLED` with its parameters: name, kind, default."""
    found = {f"hook {name}": parameters_of(getattr(hookspecs, name)) for name in hookspecs.HOOKS}
    for module, names in CALLED.items():
        for name in names:
            found[f"{module}:{name}"] = parameters_of(attribute(module, name))
    return found


def attribute(module: str, path: str) -> Any:
    """`attribute("flodl_core", "Registry.find")`."""
    value: Any = importlib.import_module(module)
    for name in path.split("."):
        value = getattr(value, name)
    return value


def parameters_of(function: Any) -> Parameters:
    """Name, kind and the default's repr, None where there is none."""
    return [[each.name, each.kind.name, _shown(each)] for each in inspect.signature(function).parameters.values()]


def _shown(parameter: inspect.Parameter) -> str | None:
    if parameter.default is parameter.empty:
        return None
    text = repr(parameter.default)
    return type(parameter.default).__name__ if " at 0x" in text else text


def breaks(before: Parameters, now: Parameters) -> Iterator[str]:
    """Why calls that were right before are wrong now; nothing for additions with defaults."""
    known, there = {each[0]: each for each in before}, {each[0]: each for each in now}
    for name, kind, default in before:
        if name not in there:
            yield f"{name} is gone"
            continue
        _, kind_now, default_now = there[name]
        if kind != kind_now and not (kind_now == "POSITIONAL_OR_KEYWORD" and kind not in MANY):
            yield f"{name} was {kind}, is {kind_now}"
        if default != default_now and default is not None:
            yield f"{name} was {default} when left out, is {default_now}"
    for name, kind, default in now:
        if name not in known and default is None and kind not in MANY:
            yield f"{name} is new and has no default"
    places, places_now = ([name for name, kind, _ in each if kind in PLACED] for each in (before, now))
    if places != places_now[: len(places)] and set(places) <= set(places_now):
        yield f"the order was {', '.join(places)}, is {', '.join(places_now)}"


def as_text(found: Mapping[str, Parameters]) -> str:
    """JSON, a callable per line."""
    lines = (f"  {json.dumps(name)}: {json.dumps(found[name])}" for name in sorted(found))
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    print(as_text(surface()), end="")
