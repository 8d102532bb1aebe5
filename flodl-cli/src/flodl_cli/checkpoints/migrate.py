"""Old names to new ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click
from attrs import asdict
from flodl_core.checkpoint import Proposal, migrate_checkpoint, propose_migration
from flodl_core.checkpoint.info import shown
from flodl_core.errors import UsageError

from flodl_cli.output.human import note, print_table
from flodl_cli.output.machine import print_json


def migrate(old: str, new: str | None, like: str, said: Sequence[str], *, guess: bool, as_json: bool) -> int:
    """Write the new file; without one, show what would happen. 1 when something is left open."""
    mapping = dict(_pair(text) for text in said)
    proposal = propose_migration(old, like, mapping)
    settled = proposal.complete and (guess or not proposal.guessed)
    if new is not None and settled:
        migrate_checkpoint(old, new, like, mapping, guess=guess)
    written = new if settled else None
    if as_json:
        print_json({"written": written, "complete": proposal.complete, **asdict(proposal)})
    else:
        _print(proposal, written)
    return 0 if settled else 1


def _pair(text: str) -> tuple[str, str]:
    old, equals, new = text.partition("=")
    if not (old and equals and new):
        raise UsageError(f"--map takes OLD=NEW, got {text!r}", mend="--map encoder/weight=enc.weight")
    return old, new


def _print(proposal: Proposal, written: str | None) -> None:
    print_table(["", "old", "new"], _rows(proposal))
    if written is not None:
        click.echo(f"\nwritten: {written}")
    elif proposal.guessed or proposal.ambiguous:
        note("\nsay which is which (--guess takes what is marked guessed):")
        for old, new in _choices(proposal):
            note(f"  --map {shown(old)}={shown(new)}")


def _rows(proposal: Proposal) -> Iterator[list[str]]:
    yield from (["unchanged", shown(name), shown(name)] for name in proposal.unchanged)
    yield from (["mapped", shown(old), shown(new)] for old, new in proposal.mapped.items())
    yield from (["guessed", shown(old), shown(new)] for old, new in proposal.guessed.items())
    yield from (["ambiguous", _one_of(olds), shown(new)] for new, olds in proposal.ambiguous.items())
    yield from (["dropped", shown(name), "-"] for name in proposal.dropped)
    yield from (["missing", "-", shown(name)] for name in proposal.missing)


def _one_of(names: Sequence[str]) -> str:
    return " or ".join(map(shown, names)) if len(names) < 3 else f"one of {len(names)}: {shown(names[0])}, ..."


def _choices(proposal: Proposal) -> Iterator[tuple[str, str]]:
    """Guesses, and for what is ambiguous the order in which both sides have it: to be looked at, then said."""
    yield from proposal.guessed.items()
    taken: set[str] = set()
    for new, olds in proposal.ambiguous.items():
        left = [old for old in olds if old not in taken]
        if left:
            taken.add(left[0])
            yield left[0], new
