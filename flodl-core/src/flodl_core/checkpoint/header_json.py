"""The JSON of a safetensors header, read entry by entry.

Read as a whole, some megabytes of `[],[],[]` become thirty times as much memory, and take seconds. What a header may
hold is known: a name, then a small table of three. So each is looked at before the next one is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, final

from flodl_core.checkpoint.info import quoted
from flodl_core.errors import CheckpointError

METADATA = "__metadata__"

MOST_ENTRIES = 1 << 18
_LONGEST_ENTRY = 1 << 12  # characters: 64 dimensions of 19 digits, twice
_SPACE = re.compile(r"[ \t\n\r]*")


def read_table(text: bytes) -> dict[str, Any]:
    """Name to what the header says of it, unchecked; of the metadata, a table of strings.

    Raises:
        CheckpointError: It is no such table.
    """
    if not text.startswith(b"{"):
        raise CheckpointError("it is no safetensors: its header is not JSON")
    try:
        return _read(_Text(text.decode()))
    except (ValueError, RecursionError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(f"its header is damaged: {quoted(str(error))}") from None


def read_strings(text: str) -> dict[str, str] | None:
    """A table of strings; None: it is none."""
    whole = _Text(text)
    try:
        found = _strings(whole)
        whole.expect_end()
    except (ValueError, RecursionError):
        return None
    return found


def _read(text: _Text) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for name in text.members():
        table[name] = _strings(text) if name == METADATA else text.small_table(name)
    text.expect_end()
    return table


def _strings(text: _Text) -> dict[str, str]:
    found: dict[str, str] = {}
    if text.next() == "{":
        for key in text.members():
            if text.next() != '"':
                break
            found[key] = text.string()
        else:
            return found
    raise CheckpointError(f"its {METADATA} is not a table of strings")


@final
class _Text:
    """JSON, from left to right."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def next(self) -> str:
        """The next character that is no blank; empty at the end."""
        space = _SPACE.match(self._text, self._at)
        self._at = space.end() if space else self._at
        return self._text[self._at : self._at + 1]

    def string(self) -> str:
        """The string that begins here."""
        if self.next() != '"':
            raise ValueError(f"a string is due at character {self._at}")
        value, self._at = _ENTRY.raw_decode(self._text, self._at)
        return str(value)

    def members(self) -> Iterator[str]:
        """The keys of the table that begins here; whoever asks for the next one has read the value."""
        self._skip("{")
        seen: set[str] = set()
        while self.next() != "}" or seen:
            key = self.string()
            if key in seen:
                raise CheckpointError(f"{quoted(key)} stands twice in its header")
            if len(seen) == MOST_ENTRIES:
                raise CheckpointError(f"its header has more than {MOST_ENTRIES:,} entries")
            seen.add(key)
            self._skip(":")
            yield key
            if self.next() == "}":
                break
            self._skip(",")
        self._skip("}")

    def small_table(self, name: str) -> Any:
        """A table of a few numbers and words, without tables in it."""
        end = self._text.find("}", self._at, self._at + _LONGEST_ENTRY) + 1
        if not self.next():
            raise ValueError("it ends where an entry is due")
        if self.next() != "{" or not end:
            raise CheckpointError(f"entry {quoted(name)}: it has not exactly dtype, shape and data_offsets")
        value = _ENTRY.decode(self._text[self._at : end])
        self._at = end
        return value

    def expect_end(self) -> None:
        """Blanks may follow, nothing else."""
        if self.next():
            raise ValueError(f"it goes on at character {self._at}")

    def _skip(self, character: str) -> None:
        if self.next() != character:
            raise ValueError(f"{character!r} is due at character {self._at}")
        self._at += 1


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise CheckpointError(f"{quoted(twice)} stands twice in its header")
    return table


def _no_number(text: str) -> None:
    raise CheckpointError(f"its header is damaged: {quoted(text)} where a whole number is due")


_ENTRY = json.JSONDecoder(object_pairs_hook=_once, parse_float=_no_number, parse_constant=_no_number)
