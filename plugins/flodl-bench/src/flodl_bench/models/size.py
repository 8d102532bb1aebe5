"""How large the models are made: as floDl measures them, or smaller by a factor."""

from __future__ import annotations

from typing import final

from attrs import frozen


@final
@frozen
class Size:
    """Divides every width, batch and length of the models; depths, heads and experts stay.

    Args:
        shrink: By what is divided: 1, 2, 4, 8 or 16.
    """

    shrink: int = 1

    def of(self, full: int) -> int:
        """A full width, batch or length in this size.

        >>> Size(4).of(1024)
        256
        """
        return full // self.shrink

    @property
    def image(self) -> int:
        """Pixels of an image's side: four halvings leave one at least.

        >>> Size().image, Size(16).image
        (64, 16)
        """
        return max(16, 64 // self.shrink)


FULL = Size()
"""What floDl's benchmark trains."""
