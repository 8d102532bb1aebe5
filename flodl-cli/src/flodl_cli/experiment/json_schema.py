"""The experiment file as a JSON Schema, for editors that complete and check TOML while one types.

Made from the tables and from what is registered: the names are those of the plugins that are installed here. It is
wider than the reader in what needs an import, a component's own arguments: those `flodl run --check` looks at.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import NOTHING, Attribute, fields
from flodl_core.names import a_kind, plural
from flodl_core.registry import components

from flodl_cli.experiment.names import MODULE_WORDS
from flodl_cli.experiment.schema import COMPONENT_KINDS, REQUIRED, SEVERAL, TABLES

_NAMED_KINDS = ("dataset", "loss", "optimizer", "scheduler", "sink", "module", "merge_op")
_TAGS = {"type": ["string", "object", "array"]}


def experiment_schema() -> dict[str, Any]:
    """The schema as plain data, JSON Schema 2020-12; the same each time for the same installed plugins."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "An experiment of flodl",
        "description": "A training run as names and plain values; flodl run FILE.toml trains it.",
        "type": "object",
        "properties": {name: _one_or_several(name) for name in TABLES},
        "required": list(REQUIRED),
        "additionalProperties": False,
        "$defs": {
            **{kind: _name(kind) for kind in _NAMED_KINDS},
            **{f"{kind}_part": _part(kind) for kind in ("module", "merge_op")},
            "node": _node(),
            "flow": _flow(),
        },
    }


def _one_or_several(name: str) -> dict[str, Any]:
    table = _table(name)
    return {"anyOf": [table, {"type": "array", "items": table}]} if name in SEVERAL else table


def _table(name: str) -> dict[str, Any]:
    cls = TABLES[name]
    keys = [key for key in fields(cls) if "form" in key.metadata]
    options = next((key.metadata["help"] for key in fields(cls) if key.name == "options"), None)
    return {
        "description": (cls.__doc__ or "").partition("\n")[0],
        "type": "object",
        "properties": {key.name: _key(name, key) for key in keys},
        "required": [key.name for key in keys if key.default is NOTHING],
        "additionalProperties": {"description": options} if options else False,
    }


def _key(table: str, key: Attribute[Any]) -> dict[str, Any]:
    about: dict[str, Any] = {"description": f"{key.metadata['help']}; {key.metadata['form'].expects}"}
    if key.default is not NOTHING and key.default not in (None, ()):
        about["default"] = list(key.default) if isinstance(key.default, tuple) else key.default
    if key.name == "use":
        return {**about, **_ref(COMPONENT_KINDS[table])}
    if (table, key.name) == ("model", "flow"):
        return {**about, **key.metadata["form"].schema, "items": _ref("node")}
    if (table, key.name) == ("monitor", "sinks"):
        return {**about, "type": "array", "items": {"anyOf": [_ref("sink"), _reference("sink")]}}
    return {**about, **key.metadata["form"].schema}


def _name(kind: str) -> dict[str, Any]:
    """A registered name: alone, or with kind and distribution before it."""
    known = components.list(kind, deprecated=True)
    bare = sorted({name for component in known for name in (component.name, *component.spec.aliases)})
    full = rf"^({kind}:)?([A-Za-z0-9][A-Za-z0-9._-]*/)?({'|'.join(map(re.escape, bare))})$"
    accepted: list[dict[str, Any]] = [{"enum": [c.name for c in known]}, {"type": "string", "pattern": full}]
    if kind in ("module", "merge_op"):
        accepted.append({"type": "string", "pattern": "^op:"})
    about = f"{a_kind(kind)}; flodl list {plural(kind)} shows them"
    return {"description": about, "anyOf": accepted if known else [{"type": "string"}]}


def _reference(kind: str) -> dict[str, Any]:
    """A component with arguments: `{ use = "csv", path = "run.csv" }`."""
    properties = {"use": _ref(kind), "args": {"type": "array"}}
    return {"type": "object", "properties": properties, "required": ["use"]}


def _part(kind: str) -> dict[str, Any]:
    """What stands where a part is due in a flow: a name, a reference, a flow of its own; or a list of them."""
    one = [_ref(kind), _reference(kind), _ref("flow")]
    return {"anyOf": [*one, {"type": "array", "items": {"anyOf": one}}]}


def _node() -> dict[str, Any]:
    """One table of a flow: a word with its first argument, and other keys beside it."""
    words = components.list("word", deprecated=True)
    named: dict[str, Any] = {}
    for word in words:
        for name in (word.name, *word.spec.aliases):
            named[name] = {"description": word.spec.summary, **_first_argument(word.name)}
    marks = {
        "at": {"description": "the stream goes on from this tag or input", "type": "string"},
        "input": {"description": "further parameters of forward", "type": "array", "items": {"type": "string"}},
        "tag": {"description": "a name of what the stream is here", **_TAGS},
    }
    beside = {
        "tag_group": {"description": "a name of the branches together", "type": "string"},
        "using": {"description": "tags that the module gets beside the stream", **_TAGS},
        "args": {"description": "further positional arguments", "type": "array"},
    }
    return {
        "description": "One word of the flow, with its arguments.",
        "type": "object",
        "properties": {**named, **marks, **beside},
        "anyOf": [{"required": [name]} for name in (*named, *marks)],
    }


def _first_argument(word: str) -> Mapping[str, Any]:
    kind = "module" if word in MODULE_WORDS else "merge_op" if word == "merge" else None
    return _ref(f"{kind}_part") if kind else {}


def _flow() -> dict[str, Any]:
    names: Sequence[str] = ("inputs", "internal")
    return {
        "description": "A flow within a flow.",
        "type": "object",
        "properties": {
            "flow": {"type": "array", "items": _ref("node")},
            "label": {"type": "string"},
            **{name: {"type": "array", "items": {"type": "string"}} for name in names},
        },
        "required": ["flow"],
        "additionalProperties": False,
    }


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}"}
