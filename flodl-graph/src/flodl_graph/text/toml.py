"""TOML for flows: one `[[flow]]` per word, short lines that diff well."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from typing import Any

from flodl_core import BuildError
from flodl_core.errors import did_you_mean
from flodl_core.where import Where

from flodl_graph.ir.steps import Flow
from flodl_graph.text.said import tables_of
from flodl_graph.text.tables import flow_of

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found, unused-ignore]

_KEYS = ("label", "inputs", "internal", "flow")
_WIDTH = 100  # a nested flow longer than this goes over several lines


def write_toml(flow: Flow) -> str:
    """A flow as TOML text.

    Raises:
        BuildError: A step holds a live object, which no text can make.
    """
    said = tables_of(flow)
    head = [f"{key} = {_inline(said[key])}" for key in _KEYS[:-1] if key in said]
    tables = ["\n".join(["[[flow]]", *(_line(key, value) for key, value in table.items())]) for table in said["flow"]]
    return "\n\n".join([*(["\n".join(head)] if head else []), *tables]) + "\n"


def words_of(flow: Flow) -> str | None:
    """A flow as TOML text, or None where a live object stands in it."""
    try:
        return write_toml(flow)
    except BuildError:
        return None


def read_toml(text: str, where: Where) -> Flow:
    """TOML text as a flow.

    Args:
        where: The file, or the line that holds the text, for messages.

    Raises:
        BuildError: It is no TOML, or no flow.
    """
    if not isinstance(text, str):
        raise BuildError(f"a flow's text is due, got {text!r}", where=where, mend="Path(file).read_text()")
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        mend = f"Path({text!r}).read_text()" if re.fullmatch(r"[^\n]+\.toml", text) else None
        raise BuildError(f"this is no TOML: {error}", where=where, mend=mend) from None
    for key in said:
        if key not in _KEYS:
            mend = did_you_mean(key, _KEYS) or f"its keys: {', '.join(_KEYS)}"
            raise BuildError(f"a flow has no key {key!r}", where=where, mend=mend)
    lines = [number for number, line in enumerate(text.splitlines(), 1) if re.match(r"\s*\[\[\s*flow\s*\]\]", line)]
    tables = said.get("flow", [])
    found = len(lines) == len(tables)

    def place(index: int) -> Where:
        inside_file = found and 0 <= index < len(lines) and where.line == 0
        return Where(where.file, lines[index]) if inside_file else where

    heads = {key: value for key, value in said.items() if key != "flow"}
    return flow_of(tables, place, **heads)


def _line(key: str, value: Any) -> str:
    nested = value.get("flow") if isinstance(value, Mapping) else None
    key = _key(key)
    line = f"{key} = {_inline(value)}"
    if nested is None or len(line) <= _WIDTH:
        return line
    others = [f"{_key(name)} = {_inline(item)}, " for name, item in value.items() if name != "flow"]
    rows = "".join(f"    {_inline(table)},\n" for table in nested)
    return f"{key} = {{ {''.join(others)}flow = [\n{rows}] }}"


def _inline(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_inline(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_inline(item) for item in value) + "]"
    if isinstance(value, float):
        return _float(value)
    return str(value)


def _key(name: str) -> str:
    """A word's full name, `distribution/name`, stands in quotes."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _inline(name)


def _float(value: float) -> str:
    text = repr(value)
    return text if any(mark in text for mark in ".einf") else f"{text}.0"
