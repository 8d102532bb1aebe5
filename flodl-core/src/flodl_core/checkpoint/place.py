"""The public doors of this package: whatever goes wrong inside leaves as one error that names the file."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flodl_core.errors import CheckpointError

_MENDS = {
    errno.ENOENT: "check the path and its folder",
    errno.ENOSPC: "free some space; what was there before is untouched",
    errno.EDQUOT: "free some of your quota; what was there before is untouched",
    errno.EFBIG: "raise the limit on file sizes (ulimit -f); what was there before is untouched",
    errno.EACCES: "choose a path that you may use, or change its permissions",
    errno.EPERM: "choose a path that you may use, or change its permissions",
    errno.EROFS: "choose a folder that can be written",
    errno.ENOTDIR: "a part of the path is a file, not a folder",
    errno.EISDIR: "name a file, not a folder",
}


@contextmanager
def at(path: str | os.PathLike[str], doing: str) -> Iterator[Path]:
    """Name the file in every error of the block, which knows only the fault.

    Args:
        path: The user's own spelling.
        doing: `"read"`, `"write"`.

    Raises:
        CheckpointError: Whatever the operating system, or a check inside, had to say.
    """
    place = os.fsdecode(path)
    if not place:
        raise CheckpointError("an empty path names no file", mend='"model.safetensors"')
    if "\0" in place:
        raise CheckpointError("a path cannot hold a null character", where=ascii(place))
    try:
        yield Path(place)
    except CheckpointError as error:
        if error.where is not None:
            raise
        raise CheckpointError(error.what, where=place, mend=error.mend) from error.__cause__
    except OSError as error:
        said = error.strerror or str(error)
        mend = _MENDS.get(error.errno) if error.errno is not None else None
        raise CheckpointError(f"cannot {doing} the checkpoint: {said}", where=place, mend=mend) from error
    except MemoryError as error:
        raise CheckpointError(f"cannot {doing} the checkpoint: not enough memory", where=place) from error
