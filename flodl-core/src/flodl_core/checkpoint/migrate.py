"""Old names to new ones: by an explicit map; guesses are proposed, and taken only where nothing else fits."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import final

from attrs import field, frozen

from flodl_core.checkpoint.convert import about_of, read_contents
from flodl_core.checkpoint.info import CheckpointInfo, quoted
from flodl_core.checkpoint.inventory import Inventory
from flodl_core.checkpoint.load import read_metadata
from flodl_core.checkpoint.place import at
from flodl_core.checkpoint.save import save_inventory
from flodl_core.errors import CheckpointError, did_you_mean


@final
@frozen
class Proposal:
    """Which entry of an old file would become which of the model's.

    Args:
        unchanged: Names that are on both sides, of the same type and shape.
        mapped: Old name to new, as the user said, or as the model's file knows.
        guessed: Old name to new, where one entry on each side is left of its type and shape.
        ambiguous: New name to the old ones that would all fit, in the file's order: never applied.
        dropped: Old names that nothing wants.
        missing: New names that nothing fits.
    """

    unchanged: tuple[str, ...] = ()
    mapped: Mapping[str, str] = field(factory=dict)
    guessed: Mapping[str, str] = field(factory=dict)
    ambiguous: Mapping[str, tuple[str, ...]] = field(factory=dict)
    dropped: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every entry of the model gets its values."""
        return not (self.ambiguous or self.missing)


def propose_migration(
    old: str | os.PathLike[str], like: str | os.PathLike[str], mapping: Mapping[str, str] | None = None
) -> Proposal:
    """What a migration would do. Reads types and shapes; changes nothing.

    Args:
        old: The file with the old names, of any kind.
        like: A file that has the names, types and shapes that are wanted: the model saved as it is now.
        mapping: Old name to new; goes before everything else.

    Raises:
        CheckpointError: A file cannot be read, or the map names what is not there or does not fit.
    """
    return _propose(read_contents(old).held, read_metadata(like), mapping or {}, old)


def migrate_checkpoint(
    old: str | os.PathLike[str],
    new: str | os.PathLike[str],
    like: str | os.PathLike[str],
    mapping: Mapping[str, str] | None = None,
    *,
    guess: bool = False,
) -> Proposal:
    """Write the old file's values under the new names. All or nothing.

    Args:
        guess: Take the guesses that are unambiguous.

    Raises:
        CheckpointError: Not every entry that is wanted gets values; nothing is written.
    """
    contents, wanted = read_contents(old), read_metadata(like)
    proposal = _propose(contents.held, wanted, mapping or {}, old)
    if not proposal.complete or (proposal.guessed and not guess):
        raise CheckpointError(_why_not(proposal, guess), where=os.fsdecode(old), mend=_mend(proposal))
    sources = {new: old for old, new in {**proposal.mapped, **proposal.guessed}.items()}
    sources |= {name: name for name in proposal.unchanged}
    tensors = {entry.name: contents.held.tensors[sources[entry.name]] for entry in wanted.entries}
    tensors |= {alias: tensors[name] for alias, name in wanted.aliases.items()}
    held = Inventory(tensors, dict(wanted.aliases), {name: name for name in tensors}, None)
    save_inventory(new, held, about_of(wanted))
    return proposal


def _propose(
    held: Inventory, wanted: CheckpointInfo, mapping: Mapping[str, str], place: str | os.PathLike[str]
) -> Proposal:
    forms = {name: held.form(name) for name in held.tensors if name not in held.aliases}
    due = {entry.name: entry.form for entry in wanted.entries}
    with at(place, "read"):
        _check_map(mapping, forms, due)
    mapping = {**_known(wanted, forms, due, mapping), **mapping}
    unchanged = tuple(n for n in due if forms.get(n) == due[n] and n not in mapping and n not in mapping.values())
    left = {n: f for n, f in forms.items() if n not in mapping and n not in unchanged}
    open_ = {n: f for n, f in due.items() if n not in mapping.values() and n not in unchanged}
    guessed: dict[str, str] = {}
    ambiguous: dict[str, tuple[str, ...]] = {}
    for form in dict.fromkeys(open_.values()):
        olds, news = _of_form(left, form), _of_form(open_, form)
        if len(olds) == len(news) == 1:
            guessed[olds[0]] = news[0]
        elif olds:
            ambiguous |= dict.fromkeys(news, olds)
    taken = {*guessed, *(name for names in ambiguous.values() for name in names)}
    return Proposal(
        unchanged,
        dict(mapping),
        guessed,
        ambiguous,
        dropped=tuple(name for name in left if name not in taken),
        missing=tuple(n for n in open_ if n not in guessed.values() and n not in ambiguous),
    )


def _known(
    wanted: CheckpointInfo, forms: Mapping[str, str], due: Mapping[str, str], mapping: Mapping[str, str]
) -> dict[str, str]:
    """What the model's own file says its entries are also called: by counting, and in floDl."""
    said = {**{other: name for name, other in wanted.other_names.items()}, **wanted.fdl_names}
    return {
        old: new
        for old, new in said.items()
        if old not in mapping
        and new not in mapping.values()
        and new not in forms
        and forms.get(old) == due.get(new, "")
    }


def _of_form(forms: Mapping[str, str], form: str) -> tuple[str, ...]:
    return tuple(name for name, other in forms.items() if other == form)


def _check_map(mapping: Mapping[str, str], forms: Mapping[str, str], due: Mapping[str, str]) -> None:
    twice = [new for new in mapping.values() if list(mapping.values()).count(new) > 1]
    if twice:
        raise CheckpointError(f"the map gives {quoted(twice[0])} twice")
    for old, new in mapping.items():
        for name, known, side in ((old, forms, "the old file"), (new, due, "the model")):
            if name not in known:
                raise CheckpointError(f"the map names {quoted(name)}, not in {side}", mend=did_you_mean(name, known))
        if forms[old] != due[new]:
            raise CheckpointError(f"{quoted(old)} is {forms[old]}, {quoted(new)} is {due[new]}")


def _why_not(proposal: Proposal, guess: bool) -> str:
    counts = {
        "missing": proposal.missing,
        "ambiguous": proposal.ambiguous,
        "only guessed": () if guess else proposal.guessed,
    }
    said = ", ".join(f"{len(names)} {word}" for word, names in counts.items() if names)
    return f"not every entry of the model gets its values: {said}"


def _mend(proposal: Proposal) -> str:
    first: Sequence[tuple[str, str]] = [
        *((old, new) for old, new in proposal.guessed.items()),
        *((olds[0], new) for new, olds in proposal.ambiguous.items()),
    ]
    return f"say which is which: {first[0][0]}={first[0][1]}" if first else "migrate a file that has them"
