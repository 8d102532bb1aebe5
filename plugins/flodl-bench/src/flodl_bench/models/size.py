"""How large the models are made: as floDl measures them, or small enough to try a command out."""

from __future__ import annotations

from typing import final

from attrs import frozen


@final
@frozen
class Size:
    """Divides every width, batch and length of the models; depths, heads and experts stay.

    Args:
        part: By what is divided.
        image: Pixels of an image's side.
    """

    part: int
    image: int

    def of(self, full: int) -> int:
        """A full width, batch or length in this size.

        >>> TINY.of(1024)
        64
        """
        return full // self.part


FULL = Size(part=1, image=64)
"""What floDl's benchmark trains."""

TINY = Size(part=16, image=16)
"""For trying out, not for measuring."""
