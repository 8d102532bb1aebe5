"""`flodl list`: what can be used, and who brings it. Imports nothing that it lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click
from flodl_core.names import kind_named, plural
from flodl_core.provider import Component

from flodl_cli.completion import complete_categories, complete_distributions, complete_kinds, complete_names
from flodl_cli.examples import ExampleCommand
from flodl_cli.output.human import is_terminal, note, print_groups, print_table
from flodl_cli.output.machine import print_json
from flodl_cli.output.words import many
from flodl_cli.portrait.declared import declared
from flodl_cli.selection import is_wildcard, nothing_found, read_kind, select
from flodl_cli.settings import switches

_SHORT = 20  # a list that fits a screen needs no headings


@click.command(
    "list",
    cls=ExampleCommand,
    examples=(
        ("flodl list", "everything"),
        ("flodl list losses", "one kind"),
        ("flodl list modules 'conv*'", "names by a pattern"),
        ("flodl list pool", "a word, in every kind"),
        ("flodl list ops --category reduction", "one category"),
        ("flodl list modules --categories", "the categories, and how many each has"),
        ("flodl list --plugin flodl-nn", "what one distribution brings"),
    ),
)
@click.argument("kind_or_word", metavar="[KIND]", required=False, shell_complete=complete_kinds)
@click.argument("pattern", metavar="[WORD]", required=False, shell_complete=complete_names)
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
@click.option("--all", "all_", is_flag=True, help="Deprecated components too.")
@click.option("--category", metavar="NAME", help="Of one category only.", shell_complete=complete_categories)
@click.option("--categories", is_flag=True, help="Only the categories, with what is in them.")
@click.option("--plugin", metavar="DIST", help="Of one distribution only.", shell_complete=complete_distributions)
@switches(hidden=True)
def command(
    kind_or_word: str | None,
    pattern: str | None,
    as_json: bool,
    all_: bool,
    category: str | None,
    categories: bool,
    plugin: str | None,
) -> None:
    """List what can be used: modules, losses, optimizers, ... of every plugin.

    KIND is one of modules, losses, optimizers, schedulers, merge_ops, sinks, initializers, ops,
    words, datasets, probes, commands; singular or plural. WORD is looked for in names, aliases,
    categories and summaries; with * ? or [ in it, it is a pattern for whole names. On a terminal,
    a long list of one kind is shown by category.
    """
    kind, word = read_kind(kind_or_word)
    if word is not None and pattern is not None:
        kind_named(word)  # two arguments: the first must be a kind, and is none
    wanted = pattern if word is None else word
    found = select(kind, wanted, plugin, category, all_=all_)
    if not found and wanted is not None:
        if not is_wildcard(wanted):
            raise nothing_found(kind, wanted)
        note(f"nothing fits {wanted!r}")
    if as_json and categories:
        print_json({"categories": [_category_data(name, members) for name, members in _by_category(found).items()]})
    elif as_json:
        print_json({"components": [declared(component) for component in found]})
    elif categories:
        _print_categories(found)
    elif found:
        _print(found, kind)


def _print(found: tuple[Component, ...], kind: str | None) -> None:
    sorts = _by_category(found)
    if kind is not None and is_terminal() and len(found) > _SHORT and len(sorts) > 1:
        _print_by_category(sorts, kind, len(found))
        return
    heads = ["kind", "name", "category", "from", "summary"]
    rows = [[c.kind, c.name, c.spec.category, str(c.origin), _summary(c)] for c in found]
    shown = [n for n in range(len(heads)) if not ((n == 0 and kind) or (n == 2 and set(sorts) == {""}))]
    print_table([heads[n] for n in shown], [[row[n] for n in shown] for row in rows])


def _print_by_category(sorts: Mapping[str, Sequence[Component]], kind: str, count: int) -> None:
    """Under headings; who brought it is said only where that is not flodl itself."""
    print_groups(
        {
            f"{category or 'other'} ({len(members)})": [[c.name, _summary(c) + _brought(c)] for c in members]
            for category, members in sorts.items()
        }
    )
    note(f"\n{count} {many(kind)}; fewer: flodl list {plural(kind)} WORD, 'conv*' or --category NAME")


def _print_categories(found: tuple[Component, ...]) -> None:
    rows = [
        [category or "(none)", str(len(members)), " ".join(c.name for c in members)]
        for category, members in _by_category(found).items()
    ]
    print_table(["category", "count", "names"], rows)


def _category_data(name: str, members: Sequence[Component]) -> dict[str, Any]:
    return {"category": name, "count": len(members), "components": [component.id for component in members]}


def _by_category(found: Iterable[Component]) -> dict[str, list[Component]]:
    """In alphabetical order, those of none last."""
    sorts: dict[str, list[Component]] = {}
    for component in found:
        sorts.setdefault(component.spec.category, []).append(component)
    return dict(sorted(sorts.items(), key=lambda item: (not item[0], item[0])))


def _brought(component: Component) -> str:
    return "" if component.origin.builtin else f" ({component.origin})"


def _summary(component: Component) -> str:
    deprecated = component.spec.deprecated
    return f"(deprecated: {deprecated}) {component.spec.summary}" if deprecated else component.spec.summary
