"""Dotted paths, parameter names and globs over any `nn.Module`.

One rule for all of flodl: a pattern names a parameter when it equals, or as a glob matches, the
parameter's own dotted name or the path of a module that holds it. So `"encoder.scan"` is all that
lies under that module, `"encoder.*"` all under `encoder`, `"*.bias"` every bias.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from flodl_core.errors import PathError

if TYPE_CHECKING:
    from torch import nn

_GLOB = frozenset("*?[")
_WRAPPED = frozenset({"_orig_mod", "module"})
"""What `torch.compile` and DDP call the module that they wrap."""


def is_glob(pattern: str) -> bool:
    """Does the text hold a wildcard?

    >>> is_glob("encoder.*"), is_glob("encoder.scan")
    (True, False)
    """
    return not _GLOB.isdisjoint(pattern)


def matches(name: str, pattern: str) -> bool:
    """Does the pattern name this path, or a module above it?

    `*` also crosses dots; a leading `*.` also matches at the top.

    >>> matches("encoder.scan.weight", "encoder.scan"), matches("encoder.scan.weight", "enc")
    (True, False)
    >>> matches("encoder.0.bias", "*.bias"), matches("bias", "*.bias"), matches("encoder.0.bias", "enc*.0")
    (True, True, True)
    """
    return any(_fits(path, pattern) for path in _with_holders(name))


def resolved(module: nn.Module, path: str) -> str:
    """A path as the module's own: where a module on the way has `aliases` for its parts, by what these stand for.

    A graph offers its further tags so. `aliases` is a mapping of names to names of submodules. What holds
    nothing but another module, as what `torch.compile` and DDP give does, is passed through.
    """
    own: list[str] = []
    holder: nn.Module | None = module
    for name in path.split("."):
        while (wrapped := _wrapped(holder, name)) is not None:
            own.append(wrapped)
            holder = _parts(holder)[wrapped]
        aliases, parts = getattr(holder, "aliases", None), _parts(holder)
        alias = aliases.get(name, name) if isinstance(aliases, Mapping) and name not in parts else name
        own.append(alias if alias in parts else name)
        holder = parts.get(own[-1])
    return ".".join(own)


def select_parameters(module: nn.Module, pattern: str) -> dict[str, nn.Parameter]:
    """The parameters that a pattern names, in the module's order; a shared one once, under its first name.

    Raises:
        PathError: It names none; with the nearest paths.
    """
    check_path(pattern)
    pattern = resolved(module, pattern)
    first: dict[int, str] = {}
    chosen: dict[str, nn.Parameter] = {}
    for name, parameter in module.named_parameters(remove_duplicate=False):
        first.setdefault(id(parameter), name)
        if matches(name, pattern):
            chosen.setdefault(first[id(parameter)], parameter)
    if not chosen and pattern:  # all of nothing is nothing
        raise _names_nothing(module, pattern)
    return chosen


def select_modules(module: nn.Module, pattern: str) -> dict[str, nn.Module]:
    """The modules that a path or a glob names, without those below them.

    Raises:
        PathError: It names none; with the nearest paths.
    """
    check_path(pattern)
    pattern = resolved(module, pattern)
    chosen = {path: child for path, child in module.named_modules(remove_duplicate=False) if _fits(path, pattern)}
    if is_glob(pattern):
        chosen.pop("", None)
    if not chosen:
        raise PathError(f"{pattern!r} names no module", mend=_nearest(pattern, module_paths(module)))
    return chosen


def check_path(path: object) -> None:
    """Whether something can be a path at all.

    Raises:
        PathError: It is no text.
    """
    if not isinstance(path, str):
        raise PathError(f"a path is text, got {path!r}", mend='"encoder.scan", "encoder.*", "*.bias"')


def module_paths(module: nn.Module) -> tuple[str, ...]:
    """Every path below the module, in its order."""
    return tuple(path for path, _ in module.named_modules(remove_duplicate=False) if path)


def _parts(module: nn.Module | None) -> Mapping[str, nn.Module | None]:
    return {} if module is None else module._modules


def _wrapped(module: nn.Module | None, name: str) -> str | None:
    """The one part of a module that only wraps it, unless the name is of the wrapper itself."""
    parts = _parts(module)
    if not name or name in parts or is_glob(name) or len(parts) != 1:
        return None
    (only,) = parts
    return only if only in _WRAPPED else None


def _fits(path: str, pattern: str) -> bool:
    if path == pattern:
        return True
    return is_glob(pattern) and (
        fnmatchcase(path, pattern) or (pattern.startswith("*.") and fnmatchcase(path, pattern[2:]))
    )


def _with_holders(name: str) -> Iterator[str]:
    while name:
        yield name
        name = name.rpartition(".")[0]
    yield ""


def _names_nothing(module: nn.Module, pattern: str) -> PathError:
    modules = dict(module.named_modules(remove_duplicate=False))
    names = [name for name, _ in module.named_parameters(remove_duplicate=False)]
    if any(_fits(path, pattern) for path in modules if path):
        holders = _listed(name.rpartition(".")[0] or name for name in names)
        return PathError(f"{pattern!r} names modules without parameters", mend=f"parts that have some: {holders}")
    if any(_fits(name, pattern) for name, _ in module.named_buffers(remove_duplicate=False)):
        return PathError(f"{pattern!r} names a buffer, which does not train", mend="name the module that holds it")
    return PathError(f"{pattern!r} names no parameter", mend=_nearest(pattern, [*filter(None, modules), *names]))


def _nearest(pattern: str, known: Iterable[str]) -> str:
    known = list(dict.fromkeys(known))
    if not known:
        return "the model has none"
    tails = [path for path in known if path.rpartition(".")[2] == pattern.rpartition(".")[2]]
    close = get_close_matches(pattern, known, n=3, cutoff=0.5) or tails[:3]
    if close:
        return f"did you mean {' or '.join(map(repr, close))}?"
    return f"paths: {_listed(known)}"


def _listed(names: Iterable[str]) -> str:
    """The first few."""
    known = list(dict.fromkeys(names))
    return f"{', '.join(map(repr, known[:6]))}{', ...' if len(known) > 6 else ''}" if known else "none"
