"""One writer per folder: the folder itself is locked, so that there is no lock file to be left behind."""

from __future__ import annotations

import errno
import fcntl
import os
import weakref
from pathlib import Path
from typing import final

from flodl_core.errors import CheckpointError

_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EINVAL, errno.EBADF)
_held: weakref.WeakSet[FolderLock]


@final
class FolderLock:
    """Held until `release`, or until the process ends, however it ends.

    A forked child lets go at once: loader workers that outlive a killed trainer must not keep the folder.

    Raises:
        CheckpointError: Somebody else writes there.
    """

    def __init__(self, folder: Path) -> None:
        self._descriptor: int | None = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise CheckpointError(
                "another training run is writing into this folder", mend="give each run a folder of its own"
            ) from None
        except OSError as error:
            if error.errno not in _NO_LOCKS:  # a file system without locks gives none
                self.release()
                raise
        _held.add(self)

    @property
    def held(self) -> bool:
        """Not so after `release`, and in a forked child."""
        return self._descriptor is not None

    def release(self) -> None:
        """Let others write."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def __del__(self) -> None:
        self.release()


def _let_go() -> None:
    for lock in list(_held):
        lock.release()


_held = weakref.WeakSet()
os.register_at_fork(after_in_child=_let_go)
