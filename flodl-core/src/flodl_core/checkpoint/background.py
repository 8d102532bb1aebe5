"""Saving while training goes on: the module is copied at once, the copy is written by another thread."""

from __future__ import annotations

import os
import warnings
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Semaphore
from types import TracebackType
from typing import final

from torch import nn

from flodl_core.checkpoint.info import About
from flodl_core.checkpoint.place import at
from flodl_core.checkpoint.snapshot import Snapshot, TakesSnapshots
from flodl_core.errors import CheckpointError, FlodlError, join_errors


@final
class BackgroundSaver:
    """`save_checkpoint` that returns as soon as the values are copied.

    Files are written one after another, in order. A failure is raised by the next call, whatever it is; nothing
    is lost in silence. Use it from one thread.

    Args:
        waiting: How many copies of the module may be in memory at once; a further `save` waits for room.

    >>> import tempfile
    >>> from pathlib import Path
    >>> file = Path(tempfile.mkdtemp()) / "model.safetensors"
    >>> with BackgroundSaver() as saver:
    ...     saver.save(file, nn.Linear(2, 3))
    >>> file.exists()
    True
    """

    def __init__(self, *, waiting: int = 2) -> None:
        if waiting < 1:
            raise CheckpointError(f"a background saver needs room for one copy at least, got waiting={waiting}")
        self._room = Semaphore(waiting)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="flodl-checkpoint")
        self._pending: deque[Future[None]] = deque()
        self._closed = False

    def save(
        self,
        path: str | os.PathLike[str],
        module: nn.Module | Snapshot,
        *,
        words: str | None = None,
        structure: str | None = None,
        hashes: Mapping[str, str] | None = None,
        other_names: Mapping[str, str] | None = None,
    ) -> None:
        """Copy the module's values now, write them soon. The arguments are `save_checkpoint`'s.

        Args:
            module: A module, or a snapshot. A graph is asked for its `snapshot()`, which says all the rest.

        Raises:
            CheckpointError: An earlier save failed, or this module holds what no file can; or the saver is closed.
        """
        self._check_open(path)
        about = About(words=words, structure=structure, hashes=dict(hashes or {}), other_names=dict(other_names or {}))

        def taken() -> Snapshot:
            if isinstance(module, Snapshot):
                return module
            return module.snapshot() if isinstance(module, TakesSnapshots) else Snapshot.of(module, about)

        with at(path, "write") as target:
            self.run(lambda: partial(taken().save, target.absolute()))

    def run(self, prepare: Callable[[], Callable[[], object]]) -> None:
        """Call `prepare` as soon as there is room for what it copies, and what it returns in the thread, in order.

        Raises:
            CheckpointError: An earlier save failed, or the saver is closed.
        """
        self._check_open(None)
        self._room.acquire()
        try:
            self._pending.append(self._pool.submit(self._write, prepare()))
        except BaseException:
            self._room.release()
            raise

    def result(self) -> None:
        """Wait until everything is on the disk.

        Raises:
            CheckpointError: What could not be written, all of it.
        """
        for saving in self._pending:
            saving.exception()
        self._raise_failures()

    def close(self) -> None:
        """Wait as `result` does, and end the thread."""
        self._closed = True
        self._pool.shutdown(wait=True)
        self.result()

    def __enter__(self) -> BackgroundSaver:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        except CheckpointError as failure:
            if error is None:
                raise
            warnings.warn(f"a checkpoint was not written: {failure}", RuntimeWarning, stacklevel=2)

    def _check_open(self, path: str | os.PathLike[str] | None) -> None:
        if self._closed:
            where = None if path is None else os.fsdecode(path)
            raise CheckpointError("the background saver is closed", where=where, mend="make another one")
        self._raise_failures()

    def _write(self, write: Callable[[], object]) -> None:
        try:
            write()
        finally:
            self._room.release()

    def _raise_failures(self) -> None:
        """Forget what is done; raise what went wrong with it."""
        done = [saving for saving in self._pending if saving.done()]
        self._pending = deque(saving for saving in self._pending if not saving.done())
        errors = [error for saving in done if (error := saving.exception()) is not None]
        for error in errors:
            if not isinstance(error, FlodlError):
                raise error
        if errors:
            raise join_errors([error for error in errors if isinstance(error, FlodlError)])
