"""Tables: one row per flower, wine, tumour or patient; one column per measurement.

`standardize=True`, the default, brings each column to mean 0 and standard deviation 1 (over N, not N - 1),
in float64. Both are taken over *all* rows, before any row is held out: convenient, and a small leak.
For strict figures pass `standardize=False` and let the model begin with a `batch_norm1d`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from sklearn import datasets  # type: ignore[import-untyped]
from torch import Tensor

from flodl_sklearn.examples import ClassExamples, NumberExamples


def breast_cancer(*, standardize: bool = True) -> ClassExamples:
    """Tumours, from the shape of cell nuclei in a needle biopsy: malignant (0) or benign (1).

    Shapes: input f32 [569, 30], target i64 [569].

    Units: ten measurements of the nuclei in one image (radius, texture, perimeter, area, ...; lengths in
    pixels), each as mean, standard error and worst (mean of the three largest).

    Args:
        standardize: Each column to mean 0, deviation 1; else as measured.
    Source:
        Street, Wolberg and Mangasarian 1993, "Nuclear feature extraction for breast tumor diagnosis",
        the Wisconsin diagnostic set, UCI, as `sklearn.datasets.load_breast_cancer` ships it.

    >>> breast_cancer().classes
    ('malignant', 'benign')
    """
    return _classes(datasets.load_breast_cancer(), standardize)


def iris(*, standardize: bool = True) -> ClassExamples:
    """Flowers, from four lengths: setosa (0), versicolor (1) or virginica (2).

    Shapes: input f32 [150, 4], target i64 [150].

    Units: centimetres.

    Args:
        standardize: Each column to mean 0, deviation 1; else as measured.
    Source:
        Fisher 1936, "The use of multiple measurements in taxonomic problems", as
        `sklearn.datasets.load_iris` ships it (two rows as in the paper, where UCI's copy differs).

    >>> iris().classes
    ('setosa', 'versicolor', 'virginica')
    """
    return _classes(datasets.load_iris(), standardize)


def wine(*, standardize: bool = True) -> ClassExamples:
    """Wines of one region, from a chemical analysis: which of three cultivars.

    Shapes: input f32 [178, 13], target i64 [178].

    Units: mixed (alcohol in % by volume, magnesium and proline in mg/l, hue and the protein ratio without);
    columns differ in size a thousandfold, so that `standardize=False` wants a normalisation first.

    Args:
        standardize: Each column to mean 0, deviation 1; else as measured.
    Source:
        Forina et al. 1988, PARVUS; Aeberhard, Coomans and de Vel 1992; UCI, as
        `sklearn.datasets.load_wine` ships it.

    >>> len(wine().features)
    13
    """
    return _classes(datasets.load_wine(), standardize)


def diabetes(*, standardize: bool = True, standardize_target: bool = False) -> NumberExamples:
    """Patients, from ten measurements at the start: how far the disease went in one year.

    Shapes: input f32 [442, 10], target f32 [442, 1].

    Units: age in years, sex 1 or 2, body mass index in kg/m2, mean blood pressure in mmHg, six blood serum
    values; the target is a score without unit, from 25 to 346.

    Args:
        standardize: Each column to mean 0, deviation 1; else as measured.
        standardize_target: The target likewise: `score = target * data.target_scale + data.target_mean`.
    Source:
        Efron, Hastie, Johnstone and Tibshirani 2004, "Least angle regression", as
        `sklearn.datasets.load_diabetes(scaled=False)` ships it.

    >>> tuple(diabetes()[0][1].shape)
    (1,)
    """
    bunch = datasets.load_diabetes(scaled=False)
    inputs, mean, scale = _columns(bunch.data, standardize)
    target, target_mean, target_scale = _columns(bunch.target[:, None], standardize_target)
    return NumberExamples(
        inputs,
        target,
        features=bunch.feature_names,
        mean=mean,
        scale=scale,
        target_mean=0.0 if target_mean is None else target_mean.item(),
        target_scale=1.0 if target_scale is None else target_scale.item(),
    )


def _classes(bunch: Any, standardize: bool) -> ClassExamples:
    inputs, mean, scale = _columns(bunch.data, standardize)
    names: Iterable[object] = bunch.target_names
    target = torch.tensor(bunch.target, dtype=torch.int64)
    return ClassExamples(inputs, target, features=bunch.feature_names, classes=names, mean=mean, scale=scale)


def _columns(values: np.ndarray[Any, Any], standardize: bool) -> tuple[Tensor, Tensor | None, Tensor | None]:
    if not standardize:
        return torch.tensor(values, dtype=torch.float32), None, None
    mean, deviation = values.mean(axis=0), values.std(axis=0)
    scaled = (values - mean) / deviation
    return tuple(torch.tensor(part, dtype=torch.float32) for part in (scaled, mean, deviation))  # type: ignore[return-value]
