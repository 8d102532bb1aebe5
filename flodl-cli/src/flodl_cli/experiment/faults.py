"""What is wrong with an experiment file, all of it, each fault with its line."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, final

from attrs import define, field
from flodl_core.errors import ExperimentError, FlodlError, MonitorError, TrainingError, join_errors

from flodl_cli.experiment.document import Document

_Made = TypeVar("_Made")


@final
@define
class Faults:
    """What is wrong with a document, each fault with its place."""

    document: Document
    found: list[FlodlError] = field(factory=list)

    def add(self, what: str, *path: str | int, mend: str | None = None) -> None:
        """Keep one fault of the thing that `path` leads to."""
        self.found.append(ExperimentError(what, where=self.document.where(*path), mend=mend))

    def adopt(self, error: FlodlError, *path: str | int, mend: str | None = None) -> None:
        """Keep somebody else's error; it belongs to the thing that `path` leads to.

        Args:
            mend: What to do where the error itself does not say.
        """
        for part in error.parts:
            where = part.where or self.document.where(*path)
            no_run_has_failed = isinstance(part, TrainingError | MonitorError)
            kind = ExperimentError if no_run_has_failed else type(part)
            self.found.append(kind(part.what, where=where, mend=part.mend or mend))

    def told(self, make: Callable[[], _Made], *path: str | int, mend: str | None = None) -> _Made:
        """What `make` makes. Its errors are raised at once, with the place in the file that `path` leads to."""
        try:
            return make()
        except FlodlError as error:
            self.adopt(error, *path, mend=mend)
        raise join_errors(self.found)

    def raise_any(self) -> None:
        """Raise all that was found, in the order of the file."""
        if self.found:
            raise join_errors(sorted(self.found, key=lambda error: getattr(error.where, "line", 0)))
