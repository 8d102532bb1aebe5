"""What this distribution brings to flodl: five data sets, named here, imported when one is used."""

from __future__ import annotations

from collections.abc import Iterator

from flodl_core import DatasetSpec, Example, hookimpl


@hookimpl
def flodl_datasets() -> Iterator[DatasetSpec]:
    """Three tables of classes, one table of numbers, one set of images."""
    yield DatasetSpec(
        name="digits",
        target="flodl_sklearn.images:digits",
        summary="1,797 handwritten digits, 8x8 grey levels, 10 classes.",
        category="images",
        example=Example(kwargs={"flat": False}),
    )
    yield DatasetSpec(
        name="breast_cancer",
        target="flodl_sklearn.tables:breast_cancer",
        summary="569 tumours, 30 measurements of cell nuclei: malignant or benign.",
        category="classification",
        example=Example(),
    )
    yield DatasetSpec(
        name="iris",
        target="flodl_sklearn.tables:iris",
        summary="150 flowers, 4 lengths in cm, 3 species.",
        category="classification",
        example=Example(),
    )
    yield DatasetSpec(
        name="wine",
        target="flodl_sklearn.tables:wine",
        summary="178 wines, 13 chemical measurements, 3 cultivars.",
        category="classification",
        example=Example(),
    )
    yield DatasetSpec(
        name="diabetes",
        target="flodl_sklearn.tables:diabetes",
        summary="442 patients, 10 measurements: how far the disease went in a year.",
        category="regression",
        example=Example(),
    )
