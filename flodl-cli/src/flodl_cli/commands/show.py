"""`flodl show`: one component, from its declaration to its parameters."""

from __future__ import annotations

from typing import Any

import click
from flodl_core.component import KINDS, Example
from flodl_core.errors import FlodlError, PluginError, UnknownComponent, UsageError
from flodl_core.guard import said
from flodl_core.names import PLURALS, kind_named, plural
from flodl_core.provider import Component
from flodl_core.reference import Ref
from flodl_core.registry import components
from flodl_core.where import Where

from flodl_cli.commands.list import as_data
from flodl_cli.completion import complete_kinds, complete_names
from flodl_cli.elsewhere import flodl_names
from flodl_cli.examples import ExampleCommand
from flodl_cli.locate import find_target, source_of
from flodl_cli.output.curve import BRAILLE, draw_curve
from flodl_cli.output.human import print_pairs, print_table, printable, speaks
from flodl_cli.output.machine import print_json
from flodl_cli.parameters import parameters_of
from flodl_cli.selection import nothing_found
from flodl_cli.settings import switches


@click.command(
    "show",
    cls=ExampleCommand,
    examples=(
        ("flodl show module linear", "everything about one"),
        ("flodl show adamw", "the kind is left out"),
        ("flodl show scheduler cosine", "with its curve"),
        ("flodl show losses flodl-nn/mse --json", "a full name, as data"),
        ("flodl show module conv2d --no-params", "without importing anything"),
    ),
)
@click.argument("kind_or_name", metavar="[KIND]", required=False, shell_complete=complete_kinds)
@click.argument("name", metavar="NAME", required=False, shell_complete=complete_names)
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
@click.option("--params/--no-params", default=True, help="The parameters; they need its import, and so perhaps torch.")
@switches(hidden=True)
def command(kind_or_name: str | None, name: str | None, as_json: bool, params: bool) -> None:
    """Show one component: what it is for, where it comes from, what it takes.

    KIND may be left out where the name is of one kind only. NAME may be an alias, or a full name
    such as flodl-nn/linear.
    """
    if kind_or_name is None:
        raise UsageError("missing argument 'NAME'", where="flodl show", mend="flodl show --help")
    component = components.find(kind_named(kind_or_name), name) if name else _of_any_kind(kind_or_name)
    parameters, problem = parameters_of(component) if params else (None, None)
    where = _where(component, imported=parameters is not None)
    if as_json:
        print_json(_as_data(component, where, parameters, problem))
    else:
        _print(component, where, parameters, problem)


def _of_any_kind(name: str) -> Component:
    """The component that a name alone means, when it means one: an op steps back, as it does in a flow."""
    prefix, colon, _ = name.partition(":")
    kinds = [prefix] if colon and prefix in KINDS else components.kinds
    found = [component for kind in kinds if (component := _find(kind, name))]
    if not found and name in (*KINDS, *PLURALS):
        many = plural(kind_named(name))
        raise UsageError(f"which of the {many}?", where="flodl show", mend=f"flodl list {many} shows them")
    if not found:
        raise nothing_found(None, name, "flodl show")
    found = [component for component in found if component.kind != "op"] or found
    if len(found) > 1:
        mend = " or ".join(f"flodl show {component.kind} {name}" for component in found)
        raise UsageError(f"{name!r} is of several kinds", where="flodl show", mend=mend)
    return found[0]


def _find(kind: str, name: str) -> Component | None:
    try:
        return components.find(kind, name)
    except UnknownComponent:
        return None


def _where(component: Component, *, imported: bool) -> Where | None:
    """From the object itself when it is imported anyway, which sees through re-exports; else from the files.

    An op is where the function is that it calls, if that is written in Python.
    """
    function = getattr(component.spec, "function", "")
    if function:
        called = find_target(function)
        return called if called and called.line else None
    if imported:
        try:
            return source_of(component.load()) or find_target(component.spec.target)
        except PluginError:
            pass
    return find_target(component.spec.target)


def _as_data(
    component: Component, where: Where | None, parameters: list[dict[str, Any]] | None, problem: str | None
) -> dict[str, Any]:
    spec, example = component.spec, component.spec.example
    return {
        **as_data(component),
        "target": spec.target,
        "requires": list(spec.requires),
        "requires_api": spec.requires_api,
        "inputs": list(getattr(spec, "inputs", ())),
        "outputs": list(getattr(spec, "outputs", ())),
        "flodl_names": list(flodl_names(component)),
        "example": example and {"call": _call(component, example), "inputs": list(example.inputs)},
        "file": where and where.file,
        "line": (where and where.line) or None,
        "unavailable": _unavailable(component),
        "parameters": parameters,
        "parameters_problem": problem,
    }


def _print(
    component: Component, where: Where | None, parameters: list[dict[str, Any]] | None, problem: str | None
) -> None:
    spec = component.spec
    click.echo(f"{component.kind} {component.name}: {spec.summary}")
    print_pairs(
        [
            ("from", f"{component.origin} (entry point {component.origin.entry_point})"),
            ("full name", component.id),
            ("aliases", ", ".join(spec.aliases)),
            ("category", spec.category),
            ("deprecated", spec.deprecated or ""),
            ("requires", ", ".join(spec.requires)),
            ("unavailable", _unavailable(component) or ""),
            ("inputs", ", ".join(getattr(spec, "inputs", ()))),
            ("outputs", ", ".join(getattr(spec, "outputs", ()))),
            ("gradients", _gradients(component)),
            ("in floDl", ", ".join(flodl_names(component))),
            ("target", getattr(spec, "function", "") or spec.target),
            ("file", str(where) if where else ""),
            ("example", _call(component, spec.example) if spec.example else ""),
            ("fed with", ", ".join(spec.example.inputs) if spec.example else ""),
        ]
    )
    if problem:
        click.echo(f"\nparameters: not available, {problem}")
    elif parameters:
        click.echo()
        print_table(["parameter", "default", "type"], [_row(parameter) for parameter in parameters])
    elif parameters is not None:
        click.echo("\nparameters: none")
    if component.kind == "scheduler" and parameters is not None:
        _print_curve(component)


def _print_curve(component: Component) -> None:
    """What the example does to a rate, step for step; a plugin's may not be able to tell."""
    example = component.spec.example
    if example is None:
        return
    steps = _as_long_as(example)
    try:
        schedule = component.create(*example.args, **example.kwargs)
        factors = [float(schedule.factor(step)) for step in range(steps + 1)]
    except Exception as error:
        click.echo(f"\ncurve: not available, {said(error)}")
        return
    click.echo(f"\nfactor on the rate, steps 0 to {steps} of {printable(repr(schedule))}")
    for line in draw_curve(factors, plain=not speaks(BRAILLE)):
        click.echo(line)


def _as_long_as(example: Example) -> int:
    """Steps that show the whole of it: a little more than its own, and a hundred at least."""
    lengths = [max(value, default=0) if isinstance(value, tuple) else value for value in example.args]
    return max(100, round(1.2 * sum(length for length in lengths if type(length) is int)))


def _gradients(component: Component) -> str:
    flows = getattr(component.spec, "differentiable", None)
    return "" if flows is None else "through all inputs" if flows else "not through all of it"


def _row(parameter: dict[str, Any]) -> list[str]:
    default = "(required)" if parameter["required"] else parameter["default"] or ""
    return [parameter["name"], default, parameter["type"] or ""]


def _call(component: Component, example: Example) -> str:
    """An op stands in a flow by its kind and name; anything else is made from a ref."""
    if component.kind == "op":
        words = ", ".join(
            [repr(f"op:{component.name}"), *(f"{key}={value!r}" for key, value in example.kwargs.items())]
        )
        return f"through({words})"
    return repr(Ref(component.name, example.args, example.kwargs))


def _unavailable(component: Component) -> str | None:
    try:
        component.check_requirements()
    except FlodlError as error:
        return error.what
    return None
