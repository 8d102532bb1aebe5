"""What is declared of a component, as plain data."""

from __future__ import annotations

from typing import Any

from flodl_core.provider import Component


def declared(component: Component) -> dict[str, Any]:
    """Its names, what it is for, and who brings it."""
    spec, origin = component.spec, component.origin
    return {
        "kind": component.kind,
        "name": component.name,
        "id": component.id,
        "summary": spec.summary,
        "category": spec.category,
        "aliases": list(spec.aliases),
        "deprecated": spec.deprecated,
        "distribution": origin.distribution,
        "version": origin.version,
        "entry_point": origin.entry_point,
        "builtin": origin.builtin,
    }
