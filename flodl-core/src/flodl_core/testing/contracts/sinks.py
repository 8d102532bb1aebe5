"""What a sink promises: `emit(record)` and `close()`. flodl-monitor checks what it does with records."""

from __future__ import annotations

from flodl_core.testing.contracts.check import Check, Subject
from flodl_core.testing.contracts.promise import require


def builds(subject: Subject) -> None:
    """It can be emitted to and closed."""
    sink = subject.make()
    for name in ("emit", "close"):
        require(callable(getattr(sink, name, None)), f"its product, a {type(sink).__name__}, has no {name}()")
    sink.close()


def closes(subject: Subject) -> None:
    """Closing it twice, without a record, is no error."""
    sink = subject.make()
    sink.close()
    sink.close()


SUITE = (
    Check("builds", "Its example has emit(record) and close().", builds),
    Check("closes", "It may be closed twice, and without a record.", closes),
)
