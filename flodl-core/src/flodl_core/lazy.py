"""Package `__init__` pages that name much and import nothing until it is used (PEP 562)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module


def lazy_exports(package: str, homes: Mapping[str, str]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """The `__getattr__` and `__dir__` of a package whose public names live in other modules.

    Args:
        package: The package's `__name__`.
        homes: Public name to the module that defines it. The module itself may be
            named too (`"losses": "acme.losses"`): then the module is the value.

    >>> getattr_, dir_ = lazy_exports("flodl_core", {"ref": "flodl_core.reference"})
    >>> dir_()
    ['ref']
    """

    def __getattr__(name: str) -> object:  # noqa: N807 - it becomes the package's own
        home = homes.get(name)
        if home is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = import_module(home)
        value = module if home == f"{package}.{name}" and not hasattr(module, name) else getattr(module, name)
        setattr(sys.modules[package], name, value)
        return value

    def __dir__() -> list[str]:  # noqa: N807 - likewise
        return sorted(homes)

    return __getattr__, __dir__
