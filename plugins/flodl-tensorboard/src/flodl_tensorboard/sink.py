"""Sink `tensorboard`: a folder of event files, a record per epoch."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, final

from flodl_core import MonitorError

from flodl_tensorboard import events
from flodl_tensorboard.records import RecordFile
from flodl_tensorboard.words import happened, told

if TYPE_CHECKING:
    from flodl_monitor import About, EpochRecord

_OURS = "events.out.tfevents.*.flodl"


@final
class TensorBoard:
    """Writes what `tensorboard --logdir` shows: metrics, the machine's readings, settings, what happened.

    Metrics keep their dotted names; the machine's readings are `machine/...`. The step is the epoch,
    counted from 1. A run that begins at epoch 1 moves an earlier run's files to `<folder>.previous`;
    a resumed one goes on in the folder, and TensorBoard forgets the epochs that are run again.

    Args:
        folder: A folder of the run's own; it is made.

    Raises:
        MonitorError: The folder cannot be made or written.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = _checked(folder)
        self._file: RecordFile | None = None
        self._about: About | None = None
        self._last = 0

    def emit(self, record: EpochRecord) -> None:
        """Append the epoch."""
        if self._file is None:
            self._file = self._begin(record)
        numbers = {**record.metrics, "machine/epoch_seconds": record.seconds}
        numbers.update((f"machine/{name}", value) for name, value in record.resources.items())
        self._file.append(events.scalars(record.time, record.epoch, numbers))
        if marks := happened(record):
            self._file.append(events.texts(record.time, record.epoch, {"marks": marks}))
        self._last = record.epoch

    def describe(self, about: About) -> None:
        """Append what the run is of; at its beginning when its first epoch has come."""
        self._about = about
        if self._file is not None:
            self._tell(self._file, about, time.time(), self._last)

    def close(self) -> None:
        """Bring all to the disk."""
        if self._file is not None:
            self._file.close()

    def _begin(self, record: EpochRecord) -> RecordFile:
        earlier = sorted(self.folder.glob(_OURS))
        if record.epoch == 1:
            self._set_aside(earlier)
        # readers take the files in the order of their names, whatever the clock did in the meantime
        number = max([int(record.time), *(int(file.name.split(".")[-2]) + 1 for file in earlier)])
        file = RecordFile(self.folder / _OURS.replace("*", f"{number:010}"))
        file.append(events.version(record.time))
        file.append(events.start(record.time, record.epoch))
        if self._about is not None:
            self._tell(file, self._about, record.time, record.epoch - 1)
        return file

    def _set_aside(self, earlier: list[Path]) -> None:
        if not earlier:
            return
        kept = self.folder.with_name(f"{self.folder.name}.previous")
        kept.mkdir(exist_ok=True)
        for file in kept.glob(_OURS):
            file.unlink()
        for file in earlier:
            os.replace(file, kept / file.name)

    def _tell(self, file: RecordFile, about: About, when: float, step: int) -> None:
        if texts := told(about):
            file.append(events.texts(when, step, texts))
        if about.settings:
            file.append(events.hyperparameters(when, step, about.settings))


def _checked(folder: str | os.PathLike[str]) -> Path:
    real = Path(os.path.realpath(os.path.expanduser(os.fspath(folder))))
    if real.exists() and not real.is_dir():
        raise MonitorError(f"{real} is no folder", mend="give a folder for the run's event files, such as runs/a")
    try:
        real.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MonitorError(f"the folder {real} cannot be made: {error}") from None
    if not os.access(real, os.W_OK):
        raise MonitorError(f"the folder {real} cannot be written", mend="choose another, or change the permissions")
    return real
