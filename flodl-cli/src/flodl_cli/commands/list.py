"""`flodl list`: what can be used, and who brings it. Imports nothing that it lists."""

from __future__ import annotations

from typing import Any

import click
from flodl_core.names import kind_named
from flodl_core.provider import Component

from flodl_cli.examples import ExampleCommand
from flodl_cli.kinds import complete_distributions, complete_kinds, complete_names
from flodl_cli.output.human import note, print_table
from flodl_cli.output.machine import print_json
from flodl_cli.selection import is_wildcard, nothing_found, read_kind, select
from flodl_cli.settings import switches


@click.command(
    "list",
    cls=ExampleCommand,
    examples=(
        ("flodl list", "everything"),
        ("flodl list losses", "one kind"),
        ("flodl list modules 'conv*'", "names by a pattern"),
        ("flodl list pool", "a word, in every kind"),
        ("flodl list --plugin flodl-nn", "what one distribution brings"),
    ),
)
@click.argument("kind_or_word", metavar="[KIND]", required=False, shell_complete=complete_kinds)
@click.argument("pattern", metavar="[WORD]", required=False, shell_complete=complete_names)
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
@click.option("--all", "all_", is_flag=True, help="Deprecated components too.")
@click.option("--plugin", metavar="DIST", help="Of one distribution only.", shell_complete=complete_distributions)
@switches(hidden=True)
def command(kind_or_word: str | None, pattern: str | None, as_json: bool, all_: bool, plugin: str | None) -> None:
    """List what can be used: modules, losses, optimizers, ... of every plugin.

    KIND is one of modules, losses, optimizers, schedulers, merge_ops, sinks, initializers, ops,
    words, datasets, probes, commands; singular or plural. WORD is looked for in names, aliases,
    categories and summaries; with * ? or [ in it, it is a pattern for whole names.
    """
    kind, word = read_kind(kind_or_word)
    if word is not None and pattern is not None:
        kind_named(word)  # two arguments: the first must be a kind, and is none
    wanted = pattern if word is None else word
    found = select(kind, wanted, plugin, all_=all_)
    if not found and wanted is not None:
        if not is_wildcard(wanted):
            raise nothing_found(kind, wanted)
        note(f"nothing fits {wanted!r}")
    if as_json:
        print_json({"components": [as_data(component) for component in found]})
    elif found:
        _print(found, kind)


def as_data(component: Component) -> dict[str, Any]:
    """What is declared of a component, as plain data."""
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


def _print(found: tuple[Component, ...], kind: str | None) -> None:
    heads = ["kind", "name", "from", "summary"]
    rows = [[c.kind, c.name, str(c.origin), _summary(c)] for c in found]
    first = 1 if kind else 0
    print_table(heads[first:], [row[first:] for row in rows])


def _summary(component: Component) -> str:
    deprecated = component.spec.deprecated
    return f"(deprecated: {deprecated}) {component.spec.summary}" if deprecated else component.spec.summary
