"""The forms a value in an experiment file may have: what is expected, said in words, and how it is told."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, final

from attrs import field, frozen

from flodl_cli.experiment.code_paths import NAMES_ONLY, is_name

_DEVICE = "auto|cpu|cuda(:[0-9]{1,3})?"


@final
@frozen
class Form:
    """One form of value.

    Args:
        expects: The form in words: "a whole number, at least 1".
        accepts: Whether a value has it.
        schema: The same in the words of JSON Schema, as far as those go.
        read: The value as the schema keeps it.
        mend: What to do about any value that has not.
    """

    expects: str
    accepts: Callable[[Any], bool]
    schema: Mapping[str, Any] = field(factory=dict, kw_only=True)
    read: Callable[[Any], Any] = lambda value: value
    mend: str | None = None


def text() -> Form:
    """Any string that says something."""
    return Form(
        "a string, not empty",
        lambda value: isinstance(value, str) and bool(value.strip()),
        schema={"type": "string", "pattern": r"\S"},
    )


def identifier() -> Form:
    """A label of a graph."""
    return Form(
        "an identifier",
        lambda value: isinstance(value, str) and value.isidentifier(),
        schema={"type": "string", "pattern": r"^[^\s\d./:-][^\s./:-]*$"},
    )


def path(suffix: str) -> Form:
    """Where a file goes; the suffix says what it is, and keeps a file of another kind from being replaced."""
    return Form(
        f"a path that ends in {suffix}",
        lambda value: isinstance(value, str) and value.endswith(suffix),
        schema={"type": "string", "pattern": f"{re.escape(suffix)}$"},
    )


def whole(*, at_least: int, at_most: int = 2**63 - 1) -> Form:
    """An integer."""
    limit = "" if at_most == 2**63 - 1 else f" and at most {at_most}"
    return Form(
        f"a whole number, at least {at_least}{limit}",
        lambda value: isinstance(value, int) and not isinstance(value, bool) and at_least <= value <= at_most,
        schema={"type": "integer", "minimum": at_least, "maximum": at_most},
    )


def fraction() -> Form:
    """A part of a whole that leaves something."""
    return Form(
        "a number from 0 up to, not including, 1",
        lambda value: _is_number(value) and 0 <= value < 1,
        float,
        schema={"type": "number", "minimum": 0, "exclusiveMaximum": 1},
    )


def positive() -> Form:
    """A finite number above 0."""
    return Form(
        "a number above 0",
        lambda value: _is_number(value) and value > 0,
        float,
        schema={"type": "number", "exclusiveMinimum": 0},
    )


def one_of(*words: str) -> Form:
    """One of a few words."""
    return Form(" or ".join(f'"{word}"' for word in words), lambda value: value in words, schema={"enum": list(words)})


def device() -> Form:
    """A device that trains."""
    return Form(
        '"auto", "cpu", "cuda" or "cuda:1"',
        lambda value: isinstance(value, str) and re.fullmatch(_DEVICE, value) is not None,
        schema={"type": "string", "pattern": f"^({_DEVICE})$", "examples": ["auto", "cpu", "cuda", "cuda:1"]},
    )


def component_name() -> Form:
    """A registered name: `[kind:][distribution/]name`; a code path is none."""
    return Form("the name of a component", is_name, mend=NAMES_ONLY, schema={"type": "string"})


def arguments() -> Form:
    """Positional arguments of a component."""
    return Form(
        "a list of positional arguments", lambda value: isinstance(value, list), tuple, schema={"type": "array"}
    )


def tables() -> Form:
    """One table per node of a flow."""
    return Form(
        "one table per node, written [[model.flow]]",
        lambda value: isinstance(value, list) and bool(value) and all(isinstance(item, Mapping) for item in value),
        tuple,
        schema={"type": "array", "minItems": 1, "items": {"type": "object"}},
    )


def factors() -> Form:
    """A number for each of some paths; a table in a table, as `{ moe.balance = 0.01 }` makes one, means a path too."""
    return Form(
        "a table such as { balance = 0.01 }",
        lambda value: isinstance(value, Mapping) and bool(value) and all(map(_is_number, _by_path(value).values())),
        _by_path,
        schema={"type": "object", "minProperties": 1, "additionalProperties": {"type": ["number", "object"]}},
    )


def groups() -> Form:
    """A rate, or a table of the optimizer's options, for each of some paths."""
    return Form(
        'a table such as { "encoder.*" = 1e-4, "*.bias" = { weight_decay = 0.0 } }',
        lambda value: (
            isinstance(value, Mapping)
            and bool(value)
            and all(_is_number(each) or (isinstance(each, Mapping) and each) for each in value.values())
        ),
        schema={"type": "object", "minProperties": 1, "additionalProperties": {"type": ["number", "object"]}},
    )


def condition() -> Form:
    """What a rule asks; whether it means something is the rule's affair."""
    return Form(
        'a table such as { trend = "val_loss", stalled = 10 }',
        lambda value: isinstance(value, Mapping),
        schema={"type": "object"},
    )


def actions() -> Form:
    """What a rule does; whether each means something is the rule's affair."""
    return Form(
        'an action, or a list of them, such as { scale_lr = 0.5 } or "stop"',
        lambda value: isinstance(value, str | Mapping | list) and bool(value),
        schema={"type": ["string", "object", "array"], "minLength": 1, "minProperties": 1, "minItems": 1},
    )


def flag() -> Form:
    """Yes or no."""
    return Form("true or false", lambda value: isinstance(value, bool), schema={"type": "boolean"})


def references() -> Form:
    """Names, or tables that `use` one."""
    return Form(
        'a list of names or of tables such as { use = "csv", path = "run.csv" }',
        _are_references,
        tuple,
        schema={"type": "array", "items": {"type": ["string", "object"]}},
    )


def shown(value: object) -> str:
    """A value as a message shows it, short, with its type in TOML's words.

    >>> shown("fast"), shown(True)
    ("'fast' (a string)", 'true (a boolean)')
    """
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, bool):
        return f"{str(value).lower()} (a boolean)"
    words = repr(value) if len(repr(value)) <= 60 else repr(value)[:57] + "..."
    kind = {str: "a string", int: "an integer", float: "a float"}.get(type(value), f"a {type(value).__name__}")
    return f"{words} ({kind})"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _by_path(table: Mapping[str, Any]) -> dict[str, Any]:
    """Tables in a table as dotted paths; an empty one stays, and is no number."""
    found: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, Mapping) and value:
            found.update((f"{name}.{inside}", number) for inside, number in _by_path(value).items())
        else:
            found[name] = value
    return found


def _are_references(value: object) -> bool:
    """Only the outer form: whether each names a registered component is asked, one by one, of the registry."""
    return isinstance(value, list) and all(isinstance(item, str | Mapping) for item in value)
