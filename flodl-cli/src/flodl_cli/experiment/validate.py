"""From a document's plain data to the tables of the schema; each fault is kept with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import NOTHING, Attribute, fields
from flodl_core.errors import FlodlError, did_you_mean

from flodl_cli.experiment.code_paths import NAMES_ONLY, is_code_path
from flodl_cli.experiment.document import Document
from flodl_cli.experiment.faults import Faults
from flodl_cli.experiment.forms import shown
from flodl_cli.experiment.lines import Path
from flodl_cli.experiment.schema import REQUIRED, SEVERAL, TABLES, RuleTable, table_of

_CODE_KEYS = frozenset(
    {"target", "_target_", "class", "_class_", "class_path", "callable", "import", "module", "entry_point"}
)
_SAMPLES = {
    "use": 'use = "...", a name that flodl list shows',
    "epochs": "epochs = 20",
    "sinks": 'sinks = ["terminal"]',
    "path": 'path = "runs/model.safetensors"',
    "folder": 'folder = "runs/states"',
    "keep_best": 'keep_best = "val_loss"',
    "when": 'when = { trend = "val_loss", stalled = 10 }',
    "do": 'do = [{ scale_lr = 0.5 }, "stop"]',
    "flow": 'write [[model.flow]] and below it through = "linear", args = [64, 10]',
}


def read_tables(document: Document, faults: Faults) -> dict[str, Any]:
    """Every table that the schema knows, as its class; what breaks the schema becomes a fault."""
    _check_tables(document.data, faults)
    return {name: _read(name, document.data[name], faults) for name in TABLES if name in document.data}


def _check_tables(data: Mapping[str, Any], faults: Faults) -> None:
    unknown = {name: did_you_mean(name, list(TABLES), n=1) or "" for name in data if name not in TABLES}
    for name, hint in unknown.items():
        mend = hint or f"tables: {' '.join(f'[{known}]' for known in TABLES)}"
        what = f"unknown table [{name}]" if isinstance(data[name], Mapping | list) else f"unknown key {name!r}"
        faults.add(what, name, mend=mend)
    for name in REQUIRED:
        if name not in data and not any(repr(name) in hint for hint in unknown.values()):
            faults.add(f"table [{name}] is missing", mend=f"add [{name}] with {_required_keys(name)}")


def _read(name: str, value: Any, faults: Faults) -> Any:
    if name in SEVERAL:
        tables = value if isinstance(value, list) else [value]
        paths: list[Path] = [(name, i) for i in range(len(tables))] if isinstance(value, list) else [(name,)]
        read = tuple(_read_table(name, table, path, faults) for table, path in zip(tables, paths, strict=True))
        for table, path in zip(read, paths, strict=True):
            _check_rule(table, path, faults)
        return read
    return _read_table(name, value, (name,), faults)


def _check_rule(table: Any, path: Path, faults: Faults) -> None:
    """A rule is read at once: its words need no torch."""
    try:
        if isinstance(table, RuleTable):
            table.rule()
    except FlodlError as error:
        faults.adopt(error, *path, mend='when = { trend = "val_loss", stalled = 10 }')


def _read_table(name: str, value: Any, path: Path, faults: Faults) -> Any:
    """The table as its class, or None after a fault."""
    if not isinstance(value, Mapping):
        faults.add(f"[{name}] is a table, got {shown(value)}", *path, mend=f"write [{name}] on a line of its own")
        return None
    before = len(faults.found)
    keys = {attribute.name: attribute for attribute in fields(TABLES[name]) if "form" in attribute.metadata}
    takes_options = any(attribute.name == "options" for attribute in fields(TABLES[name]))
    known = {key: _read_value(name, keys[key], item, path, faults) for key, item in value.items() if key in keys}
    rest = {key: item for key, item in value.items() if key not in keys}
    misspelt = [_check_rest(name, key, item, list(keys), takes_options, path, faults) for key, item in rest.items()]
    for key in _missing(keys, value):
        if any(repr(key) in hint for hint in misspelt):  # one mistake is told once
            continue
        faults.add(f"[{name}] needs the key {key!r}: {keys[key].metadata['help']}", *path, mend=_line_for(keys[key]))
    for key in known:
        needed = keys[key].metadata["needs"]
        if needed is not None and needed not in value and known[key] != keys[key].default:
            what = f"[{name}] {key} says nothing without the key {needed!r}"
            faults.add(what, *path, key, mend=f"{_line_for(keys[needed])}, or leave {key} out")
    if len(faults.found) > before:
        return None
    return TABLES[name](**known, **({"options": rest} if takes_options else {}))


def _read_value(name: str, key: Attribute[Any], value: Any, path: Path, faults: Faults) -> Any:
    form = key.metadata["form"]
    if form.accepts(value):
        return form.read(value)
    if is_code_path(value) and form.mend:
        faults.add(f"[{name}] {key.name}: {value!r} is a path to code, not a name", *path, key.name, mend=form.mend)
    else:
        what = f"[{name}] {key.name} is {form.expects}, got {shown(value)}"
        faults.add(what, *path, key.name, mend=form.mend or _line_for(key))
    return None


def _check_rest(
    name: str, key: str, value: Any, known: list[str], takes_options: bool, path: Path, faults: Faults
) -> str:
    """A key that the schema does not know: the component's own, unless it smells of code. What it was meant to be."""
    hint = ""
    if key in _CODE_KEYS and is_code_path(value):
        faults.add(f"[{name}] {key}: {value!r} is a path to code, not a name", *path, key, mend=NAMES_ONLY)
    elif not takes_options:
        home = table_of(key)
        hint = "" if home else did_you_mean(key, known, n=1) or ""
        mend = f"it is a key of [{home}]" if home else hint or f"keys of [{name}]: {', '.join(known)}"
        faults.add(f"[{name}] has no key {key!r}", *path, key, mend=mend)
    return hint


def _missing(keys: Mapping[str, Attribute[Any]], value: Mapping[str, Any]) -> Iterator[str]:
    return (name for name, key in keys.items() if key.default is NOTHING and name not in value)


def _required_keys(name: str) -> str:
    return ", ".join(key.name for key in fields(TABLES[name]) if key.default is NOTHING and "form" in key.metadata)


def _line_for(key: Attribute[Any]) -> str:
    """A line that would do, for a person to start from."""
    if key.name in _SAMPLES:
        return _SAMPLES[key.name]
    if key.default is None or key.default == ():
        return f"leave {key.name} out, or give it such a value"
    return f"{key.name} = {key.default!r}".replace("'", '"')
