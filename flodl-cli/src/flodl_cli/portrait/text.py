"""A component for people: a line of what it is, its facts, its parameters, and of a schedule the curve."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click
from flodl_core.provider import Component

from flodl_cli.elsewhere import flodl_names
from flodl_cli.output.human import print_pairs, print_table
from flodl_cli.portrait.curve import print_curve
from flodl_cli.portrait.facts import Facts


def print_portrait(facts: Facts) -> None:
    """All of it."""
    component = facts.component
    click.echo(f"{component.kind} {component.name}: {component.spec.summary}")
    print_pairs(_pairs(facts))
    _print_parameters(facts)
    if component.kind == "scheduler" and facts.parameters is not None:
        print_curve(component)


def _pairs(facts: Facts) -> Iterator[tuple[str, str]]:
    """Each fact with its name; one that there is not is empty."""
    component, spec = facts.component, facts.component.spec
    yield "from", f"{component.origin} (entry point {component.origin.entry_point})"
    yield "full name", component.id
    yield "aliases", ", ".join(spec.aliases)
    yield "category", spec.category
    yield "deprecated", spec.deprecated or ""
    yield "requires", ", ".join(spec.requires)
    yield "unavailable", facts.unavailable or ""
    yield "inputs", ", ".join(getattr(spec, "inputs", ()))
    yield "outputs", ", ".join(getattr(spec, "outputs", ()))
    yield "gradients", _gradients(component)
    yield "in floDl", ", ".join(flodl_names(component))
    yield "target", getattr(spec, "function", "") or spec.target
    yield "file", str(facts.where or "")
    yield "example", facts.call or ""
    yield "fed with", ", ".join(spec.example.inputs) if spec.example else ""


def _gradients(component: Component) -> str:
    flows = getattr(component.spec, "differentiable", None)
    return "" if flows is None else "through all inputs" if flows else "not through all of it"


def _print_parameters(facts: Facts) -> None:
    if facts.problem:
        click.echo(f"\nparameters: not available, {facts.problem}")
    elif facts.parameters:
        click.echo()
        print_table(["parameter", "default", "type"], map(_row, facts.parameters))
    elif facts.parameters is not None:
        click.echo("\nparameters: none")


def _row(parameter: dict[str, Any]) -> list[str]:
    default = "(required)" if parameter["required"] else parameter["default"] or ""
    return [parameter["name"], default, parameter["type"] or ""]
