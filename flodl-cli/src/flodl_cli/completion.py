"""What the shell completes while one types: kinds, names, categories and distributions, as the registry has them."""

from __future__ import annotations

from collections.abc import Iterable

import click
from click.shell_completion import CompletionItem
from flodl_core.errors import UnknownKind
from flodl_core.names import PLURALS, kind_named
from flodl_core.registry import components

COMPLETE = "_FLODL_COMPLETE"
"""The variable in which a shell says what it asks for."""


def complete_kinds(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a kind."""
    return complete(PLURALS, incomplete)


def complete_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a component's name; of the kind that stands before it, when one does."""
    said = next((ctx.params[key] for key in ("kind", "kind_or_word", "kind_or_name") if ctx.params.get(key)), None)
    try:
        kind = kind_named(said) if said else None
    except UnknownKind:
        return []
    found = components.list(kind)
    return [CompletionItem(c.name, help=c.spec.summary) for c in found if c.name.startswith(incomplete)]


def complete_categories(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a category."""
    return complete({c.spec.category for c in components.list() if c.spec.category}, incomplete)


def complete_distributions(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the name of a distribution that has a plugin."""
    return complete({report.distribution for report in components.plugins()}, incomplete)


def complete(words: Iterable[str], incomplete: str) -> list[CompletionItem]:
    """The words that begin so."""
    return [CompletionItem(word) for word in sorted(words) if word.startswith(incomplete)]
