"""Sources of data by name."""

from __future__ import annotations

from flodl_core import DatasetSpec, Example

DATASETS = (
    DatasetSpec(
        name="csv",
        target="flodl_nn.data.csv_file:csv_file",
        summary="A CSV file with a header; one column is the target.",
        category="file",
        example=Example(kwargs={"path": "iris.csv", "target": "species"}),
    ),
)
