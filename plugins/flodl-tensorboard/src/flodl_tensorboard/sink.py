"""Sink `tensorboard`: a folder of event files, a record per epoch."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, final

from flodl_core import MonitorError

from flodl_tensorboard import events
from flodl_tensorboard.records import RecordFile
from flodl_tensorboard.words import happened, listed, told

if TYPE_CHECKING:
    from flodl_monitor import About, EpochRecord, History, Mark

_OURS = "events.out.tfevents.*.flodl"


@final
class TensorBoard:
    """Writes what `tensorboard --logdir` shows: metrics, the machine's readings, settings, what happened.

    Metrics keep their dotted names; the machine's readings are `machine/...`. The step is the epoch,
    counted from 1. A run that begins at epoch 1 moves an earlier run's files to `<folder>.previous`;
    a resumed one goes on in the folder, and TensorBoard forgets the epochs that are run again; in a folder
    that holds no run, it begins with the epochs that the monitor remembers.

    Args:
        folder: A folder of the run's own; it is made.

    Raises:
        MonitorError: The folder cannot be made or written.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = _checked(folder)
        self._file: RecordFile | None = None
        self._about: About | None = None
        self._past: History | None = None
        self._last = self._marked = 0
        self._marks: list[str] = []

    def begin(self, past: History) -> None:
        """Take what a resumed run brings, for a folder that does not hold it; one that does goes on in a new file."""
        self.close()
        self._file, self._past = None, past
        self._marked, self._marks = 0, []

    def emit(self, record: EpochRecord) -> None:
        """Append the epoch."""
        if self._file is None:
            remembered = self._remembered(record)
            self._file = self._begin([*remembered, record][0])
            for before in remembered:
                self._append(self._file, before)
        self._append(self._file, record)

    def _append(self, file: RecordFile, record: EpochRecord) -> None:
        numbers = {**record.metrics, "machine/epoch_seconds": record.seconds}
        numbers.update((f"machine/{name}", value) for name, value in record.resources.items())
        file.append(events.scalars(record.time, record.epoch, numbers))
        self._last = record.epoch
        if marks := list(happened(record)):
            self._marked, self._marks = record.epoch, marks
            self._note(file, record.time)

    def mark(self, mark: Mark) -> None:
        """Append what is said of an epoch that is over.

        A reader keeps one text of a step, and none of a step before it: so this is the last text once more,
        and more in it.
        """
        if self._file is None:
            return
        if mark.epoch > self._marked:
            self._marked, self._marks = mark.epoch, [mark.text]
        else:
            late = "" if mark.epoch == self._marked else f"epoch {mark.epoch}: "
            self._marks.append(f"{late}{mark.text}")
        self._note(self._file, time.time())

    def describe(self, about: About) -> None:
        """Append what the run is of; at its beginning when its first epoch has come."""
        self._about = about
        if self._file is not None:
            self._tell(self._file, about, time.time(), self._last)

    def close(self) -> None:
        """Bring all to the disk."""
        if self._file is not None:
            self._file.close()

    def _remembered(self, record: EpochRecord) -> list[EpochRecord]:
        """The epochs before a resumed run's first, where the folder has none of them."""
        past, self._past = self._past, None
        if past is None or record.epoch == 1 or any(self.folder.glob(_OURS)):
            return []
        return list(past.records(record.total))

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

    def _note(self, file: RecordFile, when: float) -> None:
        file.append(events.texts(when, self._marked, {"marks": listed(self._marks)}))

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
