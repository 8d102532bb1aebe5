"""Every name in an experiment file, looked up in the registry before anything heavy is imported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flodl_core.component import KINDS
from flodl_core.errors import AmbiguousComponent, FlodlError, UnknownComponent
from flodl_core.names import kind_due
from flodl_core.registry import components

from flodl_cli.experiment.code_paths import is_name
from flodl_cli.experiment.faults import Faults
from flodl_cli.experiment.lines import Path
from flodl_cli.experiment.schema import COMPONENT_KINDS

MODULE_WORDS = frozenset({"through", "also", "split", "fork", "loop_body", "map"})
_MARKS = frozenset({"tag", "tag_group", "using", "args"})


def check_names(data: Mapping[str, Any], faults: Faults) -> None:
    """Look up every component that the file names; what is unknown becomes a fault, with suggestions."""
    for name, kind in COMPONENT_KINDS.items():
        tables = data.get(name)
        for path, table in _each(name, tables):
            if isinstance(table, Mapping) and is_name(table.get("use")):
                _check(kind, table["use"], (*path, "use"), faults)
    for index, sink in enumerate(_list(data, "monitor", "sinks")):
        if isinstance(sink, str | Mapping):  # what is neither has been told with the list's form
            _check("sink", sink if isinstance(sink, str) else sink.get("use"), ("monitor", "sinks", index), faults)
    for index, table in enumerate(_list(data, "model", "flow")):
        _check_node(table, ("model", "flow", index), faults)


def _check(kind: str, name: object, path: Path, faults: Faults) -> None:
    if not isinstance(name, str):
        faults.add(f"a {kind.replace('_', ' ')}'s name is due in `use`", *path, mend=f"flodl list {kind} shows them")
        return
    try:
        components.find(kind_due(name, kind), name)
    except (UnknownComponent, AmbiguousComponent) as error:
        faults.adopt(error, *path)


def _check_node(table: object, path: Path, faults: Faults) -> None:
    """One node of a flow. Which of its keys are words is the graph's business: only what is plain is looked at."""
    if not isinstance(table, Mapping):
        return
    for key, value in table.items():
        kind = "merge_op" if key == "merge" else "module" if key in MODULE_WORDS else None
        for item in value if isinstance(value, list) else [value]:
            if kind and isinstance(item, str):
                _check(kind, item, (*path, key), faults)
            elif key not in _MARKS:
                _check_argument(kind, item, (*path, key), faults)


def _check_argument(kind: str | None, value: object, path: Path, faults: Faults) -> None:
    """References and flows inside an argument, however deep."""
    if isinstance(value, list):
        for item in value:
            _check_argument(kind, item, path, faults)
    elif isinstance(value, Mapping) and isinstance(value.get("flow"), list):
        for node in value["flow"]:
            _check_node(node, path, faults)
    elif isinstance(value, Mapping) and "use" in value:
        _check_of_any_kind(kind, value["use"], path, faults)


def _check_of_any_kind(kind: str | None, name: object, path: Path, faults: Faults) -> None:
    """Where a plugin's word decides what its argument is, a name of any kind will do."""
    if kind or not isinstance(name, str):
        _check(kind or "module", name, path, faults)
    elif not any(_is_known(other, name) for other in KINDS):
        _check("module", name, path, faults)


def _is_known(kind: str, name: str) -> bool:
    try:
        components.find(kind_due(name, kind), name)
    except FlodlError:
        return False
    return True


def _each(name: str, tables: object) -> Iterator[tuple[Path, object]]:
    if isinstance(tables, list):
        yield from (((name, index), table) for index, table in enumerate(tables))
    else:
        yield (name,), tables


def _list(data: Mapping[str, Any], table: str, key: str) -> Sequence[Any]:
    outer = data.get(table)
    inner = outer.get(key) if isinstance(outer, Mapping) else None
    return inner if isinstance(inner, list) else ()
