"""Which layers a person means: paths, globs and tables of them, read and checked before anything changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from flodl_core import ComponentError, FlodlError, PathError, did_you_mean, join_errors
from flodl_core.paths import matches, resolved, select_modules
from torch import nn

from flodl_lora.layers import ADAPTED, AbstractAdapted

Options: TypeAlias = "int | Mapping[str, Any] | None"
"""A rank, a table of `rank`, `alpha` and `dropout`, or None: no adapter."""

Targets: TypeAlias = "str | Sequence[str] | Mapping[str, Options]"
"""Paths and globs; with options of their own, later ones winning."""

_OPTIONS = ("rank", "alpha", "dropout")


def chosen_layers(
    model: nn.Module, targets: Targets, defaults: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Path and options of each layer that is to be adapted; a shared one under its first path.

    Args:
        defaults: Options where the targets say nothing.

    Raises:
        PathError: A target names nothing, or nothing that can be adapted.
        ComponentError: A target has no such form, or its layer an adapter already.
    """
    table = {resolved(model, pattern): said for pattern, said in _table(targets).items()}
    layers = dict(model.named_modules(remove_duplicate=False))
    able = [path for path, layer in layers.items() if type(layer) in ADAPTED]
    errors = [_refused(model, layers, pattern) for pattern in table if not any(matches(p, pattern) for p in able)]
    taken = [p for p, layer in layers.items() if isinstance(layer, AbstractAdapted) and _wanted(p, table) is not None]
    errors += [
        ComponentError(f"{path or 'the model'!r} has an adapter already", mend=f"strip(model, {path!r}) takes it off")
        for path in taken
    ]
    options = {path: said for path in able if (said := _wanted(path, table)) is not None}
    if not options and not errors:
        errors.append(PathError("nothing is left to adapt", mend="a path that None does not take away again"))
    if errors:
        raise join_errors(errors)
    first = {id(layer): path for path, layer in model.named_modules()}
    for path, said in {first[id(layers[path])]: said for path, said in options.items()}.items():
        yield path, {**defaults, **said}


def _table(targets: Any) -> dict[str, dict[str, Any] | None]:
    if isinstance(targets, str):
        return {targets: {}}
    if isinstance(targets, Mapping):
        return {pattern: _options(pattern, said) for pattern, said in targets.items()}
    if isinstance(targets, Sequence) and all(isinstance(pattern, str) for pattern in targets):
        return {pattern: {} for pattern in targets}
    raise ComponentError(
        f"targets are paths, or a table of paths to options, got a {type(targets).__name__}",
        mend='adapt(model, {"encoder.*": {"rank": 4}})',
    )


def _options(pattern: str, said: Any) -> dict[str, Any] | None:
    if said is None:
        return None
    if isinstance(said, int) and not isinstance(said, bool):
        return {"rank": said}
    if not isinstance(said, Mapping):
        raise ComponentError(
            f"the options of {pattern!r} are a rank, a table or None, got {said!r}",
            mend=f'{{"{pattern}": {{"rank": 4}}}}',
        )
    for option in said:
        if option not in _OPTIONS:
            mend = did_you_mean(str(option), _OPTIONS) or f"options are {', '.join(_OPTIONS)}"
            raise ComponentError(f"{pattern!r}: an adapter has no option {option!r}", mend=mend)
    return dict(said)


def _wanted(path: str, table: Mapping[str, dict[str, Any] | None]) -> dict[str, Any] | None:
    """What the table says of a path, later entries over earlier ones; None: no adapter."""
    said: dict[str, Any] | None = None
    for pattern, options in table.items():
        if matches(path, pattern):
            said = None if options is None else {**(said or {}), **options}
    return said


def _refused(model: nn.Module, layers: Mapping[str, nn.Module], pattern: str) -> FlodlError:
    """Why a pattern gives no adapter."""
    below = [layer for path, layer in layers.items() if matches(path, pattern)]
    if any(isinstance(layer, AbstractAdapted) for layer in below):
        return ComponentError(f"{pattern!r} has adapters already", mend=f"strip(model, {pattern!r}) takes them off")
    try:
        select_modules(model, pattern)
    except PathError as error:
        return error
    kinds = sorted({type(layer).__name__ for layer in below if any(True for _ in layer.parameters(recurse=False))})
    held = ", ".join(kinds) or "no layer with parameters"
    known = ", ".join(kind.__name__ for kind in ADAPTED if hasattr(nn, kind.__name__))
    return PathError(f"nothing at {pattern!r} can be adapted: it holds {held}", mend=f"layers that can: {known}")
