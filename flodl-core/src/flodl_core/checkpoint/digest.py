"""A digest of bytes: finds flipped bits, says nothing about who wrote them.

xxh3 at 128 bits reads memory about as fast as it can be read. It is no signature: whoever can
write the file can write its digests too.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import final

import torch
from xxhash import xxh3_128

HEX_LENGTH = 32

_SMALL = 1 << 16  # bytes that are digested faster than another thread is asked to


@final
class Digest:
    """The digest of what comes in pieces.

    >>> digest = Digest()
    >>> digest.update(b"hello ")
    >>> digest.update(b"world")
    >>> digest.hex() == digest_of(b"hello world")
    True
    """

    def __init__(self) -> None:
        self._state = xxh3_128()

    def update(self, data: bytes | memoryview) -> None:
        """Go on with `data`."""
        self._state.update(data)

    def hex(self) -> str:
        """32 hexadecimal digits over all that came."""
        return str(self._state.hexdigest())


def digest_of(data: bytes | memoryview) -> str:
    """32 hexadecimal digits over `data`.

    >>> digest_of(b"")
    '99aa06d3014798d86001c324468d497f'
    """
    return str(xxh3_128(data).hexdigest())


def digests_of(blocks: Iterable[memoryview]) -> list[str]:
    """The digest of each block; large ones on as many threads as torch uses (hashing frees the GIL)."""
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        begun = [(block, pool.submit(digest_of, block) if len(block) > _SMALL else None) for block in blocks]
        return [digest_of(block) if digesting is None else digesting.result() for block, digesting in begun]
