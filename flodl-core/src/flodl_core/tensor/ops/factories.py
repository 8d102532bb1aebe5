"""One factory per row of the table, made when it is asked for: `factories.softmax(dim=-1)` is an `Op`."""

from __future__ import annotations

from typing import Any, final

from flodl_core.tensor.ops.call import read_call
from flodl_core.tensor.ops.function import Op
from flodl_core.tensor.ops.row import Row
from flodl_core.tensor.ops.table import TABLE


@final
class Factory:
    """Binds options: its signature is that of the row's options."""

    def __init__(self, row: Row) -> None:
        self._row = row
        self.__name__, self.__doc__ = row.spec.name, row.spec.summary
        self.__signature__ = read_call(row.call).options

    def __call__(self, *args: Any, **options: Any) -> Op:
        """The op; what equals torch's own default is left to torch."""
        bound = self.__signature__.bind(*args, **options).arguments
        defaults = {name: p.default for name, p in self.__signature__.parameters.items()}
        return Op(self._row, {name: value for name, value in bound.items() if not _same(value, defaults[name])})

    def __repr__(self) -> str:
        return f"<factory of the op {self.__name__}>"


def _same(value: object, default: object) -> bool:
    return type(value) is type(default) and value == default


def __getattr__(name: str) -> Factory:
    """The factory of a row."""
    if name not in TABLE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return globals().setdefault(name, Factory(TABLE[name]))  # type: ignore[no-any-return]
