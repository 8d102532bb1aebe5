"""A registry of one's own, in this process or in another, that sees only what a test installs beside flodl."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flodl_core.policy import Policy
from flodl_core.registry import Registry


@contextmanager
def fresh_registry(*folders: Path, policy: Policy | None = None) -> Iterator[Registry]:
    """A new registry, with these folders on the path while it is used.

    On leaving, the path is as before, and modules that came from the folders are forgotten. The
    process-wide `flodl_core.components` is another registry: call its `refresh()` if it is to see
    the folders too.

    Args:
        folders: Where `fake_distribution` wrote.
        policy: Which plugins may load; default: what the environment says.
    """
    path, entries, known = sys.path, list(sys.path), set(sys.modules)
    sys.path[:0] = [os.fspath(folder) for folder in folders]
    importlib.invalidate_caches()
    try:
        yield Registry(policy)
    finally:
        path[:] = entries
        sys.path = path  # a plugin may have put another list there
        for name in set(sys.modules) - known:
            if _came_from(name, folders):
                del sys.modules[name]
        importlib.invalidate_caches()


def environment(*folders: Path, **variables: str) -> dict[str, str]:
    """Variables for a subprocess that sees these folders as installed, and no plugin policy of this machine.

    >>> environment(Path("plugins"), PYTHONHASHSEED="7")["PYTHONHASHSEED"]
    '7'
    """
    kept = {key: value for key, value in os.environ.items() if not key.startswith("FLODL_")}
    path = [*map(os.fspath, folders), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**kept, "PYTHONPATH": os.pathsep.join(path), **variables}


def _came_from(name: str, folders: tuple[Path, ...]) -> bool:
    file = getattr(sys.modules[name], "__file__", None) or next(iter(getattr(sys.modules[name], "__path__", ())), "")
    return any(Path(file).is_relative_to(folder) for folder in folders)
