"""What a new distribution may be called: as the package index and as Python's import want it."""

from __future__ import annotations

import keyword
import re
import sys
import unicodedata

from flodl_core.discovery import FIRST_PARTY
from flodl_core.errors import UsageError

from flodl_cli.locate import find_module

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST = 64
_RESERVED = frozenset({*FIRST_PARTY, "flodl", "session", "test", "tests", "src", "plugin", "plugins"})
_KNOWN = frozenset({"torch", "numpy", "scipy", "pandas", "sklearn", "jax", "tensorflow"})


def package_of(name: str, *, where: str) -> str:
    """The package of a new distribution, which is its name with `_` between the words.

    Args:
        where: The command, for errors.

    Raises:
        UsageError: The name is none, or is somebody's.

    >>> package_of("acme-losses", where="flodl new plugin")
    'acme_losses'
    """
    package = name.replace("-", "_")
    fault = _fault(name, package)
    if fault:
        raise UsageError(f"a plugin cannot be called {name!r}: {fault}", where=where, mend=_mend(name))
    return package


def check_folder_name(name: str, *, where: str) -> None:
    """See that a project's name is the name of a folder, everywhere.

    Raises:
        UsageError: It is not.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name) or len(name) > _LONGEST or name.endswith("."):
        said = f"a project cannot be called {name!r}: letters, digits and . _ - make a folder's name"
        raise UsageError(said, where=where, mend="flodl new project flowers")


def _fault(name: str, package: str) -> str:
    if not _NAME.fullmatch(name):
        return "lower case letters and digits, words joined by -, make a distribution's name"
    if len(name) > _LONGEST:
        return f"it has more than {_LONGEST} characters"
    if name in _RESERVED:
        return "the name is reserved"
    if keyword.iskeyword(package) or package in sys.stdlib_module_names:
        return f"{package} is a word of Python's own"
    if package in _KNOWN:
        return f"{package} is another package, which everybody knows"
    if find_module(package) is not None:
        return f"a module {package} is installed here already"
    return ""


def _mend(name: str) -> str:
    bare = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))  # é as e
    plain = re.sub(r"[^a-z0-9]+", "-", bare.lower()).strip("-").lstrip("0123456789-")[: _LONGEST // 2]
    free = plain and plain != name and plain not in _RESERVED
    return f"flodl new plugin {plain if free else 'acme-' + (plain or 'losses')}"
