"""What came of a load, in a form that people read and programs ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import final

from attrs import field, frozen

from flodl_core.checkpoint.info import shown

_SHOWN = 10


@final
@frozen
class Mismatch:
    """An entry that is on both sides and does not fit.

    Args:
        found: Type and shape in the file, as `"f32[16,2]"`.
        expected: Type and shape in the module.
    """

    name: str
    found: str
    expected: str
    reason: str = ""

    def __str__(self) -> str:
        said = f"{self.found} in the file, {self.expected} in the module"
        return f"{shown(self.name)}  {self.reason or said}"


@final
@frozen
class LoadReport:
    """Which entries of a file went into a module, and which did not.

    Args:
        loaded: The module's names that now hold the file's values.
        skipped: Names that are in the file only.
        missing: Names that are in the module only; they are as they were.
        mismatched: Names on both sides whose type or shape differ; they are as they were.
        renamed: Pairs of the file's name and the module's, where they differ.
        verified: Whether every byte was checked against a digest. Files that flodl did not write have none.
        forms: Types and shapes of skipped and missing ones, for the printed report.

    >>> print(LoadReport(Path("m.safetensors"), loaded=("a.weight",), missing=("b.weight",), verified=True))
    m.safetensors: 1 loaded, 1 missing
      missing     b.weight
    """

    path: Path
    loaded: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    mismatched: tuple[Mismatch, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    verified: bool = False
    forms: Mapping[str, str] = field(factory=dict, repr=False, eq=False)

    @property
    def complete(self) -> bool:
        """Whether file and module held the same entries."""
        return not (self.skipped or self.missing or self.mismatched)

    def __str__(self) -> str:
        lists = {
            "missing": self.missing,
            "skipped": self.skipped,
            "mismatched": self.mismatched,
            "renamed": self.renamed,
        }
        counts = [f"{len(self.loaded)} loaded", *(f"{len(names)} {word}" for word, names in lists.items() if names)]
        head = f"{self.path}: {', '.join(counts)}" + ("" if self.verified else " (unverified: it has no digests)")
        return "\n".join([head, *self.faults(), *_some("renamed", [f"{a} -> {b}" for a, b in self.renamed])])

    def faults(self) -> Iterator[str]:
        """One indented line for each entry that is not on both sides alike; long lists are cut."""
        yield from _some("missing", [self._line(name) for name in self.missing])
        yield from _some("skipped", [self._line(name) for name in self.skipped])
        yield from _some("mismatched", [str(mismatch) for mismatch in self.mismatched])

    def _line(self, name: str) -> str:
        return f"{shown(name)}  {self.forms.get(name, '')}".rstrip()


def _some(word: str, lines: Sequence[str]) -> Iterator[str]:
    for line in lines[:_SHOWN]:
        yield f"  {word:<11} {line}"
    if len(lines) > _SHOWN:
        yield f"  {word:<11} ... and {len(lines) - _SHOWN} more"
