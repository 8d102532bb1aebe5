"""Images: the handwritten digits."""

from __future__ import annotations

import torch
from sklearn.datasets import load_digits  # type: ignore[import-untyped]

from flodl_sklearn.examples import ClassExamples

_BRIGHTEST = 16  # each pixel counts the ink in a 4x4 block of a 32x32 bitmap


def digits(*, flat: bool = True) -> ClassExamples:
    """Handwritten digits, small enough to learn on a laptop in seconds.

    Shapes: input f32 [1797, 64], or [1797, 1, 8, 8] with `flat=False` (channel, row, column);
    target i64 [1797], the digit itself.

    Units: ink from 0.0 (none) to 1.0, in steps of 1/16. Attributes: `classes` ("0" to "9"), `features`.

    Args:
        flat: One row of 64 pixels, row by row, for dense layers; else an image of one channel.
    Source:
        Alpaydin and Kaynak 1998, "Optical Recognition of Handwritten Digits", UCI, its test set
        (13 other writers than the training set's), as `sklearn.datasets.load_digits` ships it.

    >>> data = digits(flat=False)
    >>> len(data), tuple(data[0][0].shape), int(data[0][1])
    (1797, (1, 8, 8), 0)
    """
    bunch = load_digits()
    ink = torch.tensor(bunch.data / _BRIGHTEST, dtype=torch.float32)  # exact: sixteenths
    return ClassExamples(
        ink if flat else ink.reshape(-1, 1, 8, 8),
        torch.tensor(bunch.target, dtype=torch.int64),
        features=bunch.feature_names,
        classes=bunch.target_names,
    )
