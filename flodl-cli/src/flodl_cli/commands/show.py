"""`flodl show`: one component, from its declaration to its parameters."""

from __future__ import annotations

import click
from flodl_core.component import KINDS
from flodl_core.errors import UnknownComponent, UsageError
from flodl_core.names import PLURALS, kind_named, plural
from flodl_core.provider import Component
from flodl_core.registry import components

from flodl_cli.completion import complete_kinds, complete_names
from flodl_cli.examples import ExampleCommand
from flodl_cli.output.machine import print_json
from flodl_cli.portrait.facts import Facts
from flodl_cli.portrait.text import print_portrait
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
    facts = Facts.of(component, imported=params)
    if as_json:
        print_json(facts.as_data())
    else:
        print_portrait(facts)


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
