"""Sources of data by name."""

from __future__ import annotations

from flodl_core import DatasetSpec, Example

DATASETS = (
    DatasetSpec(
        name="csv",
        target="flodl_nn.data.csv_file:csv_file",
        summary="A CSV file with a header; one column is the target.",
        category="file",
        example=Example(
            kwargs={"path": "iris.csv", "target": "species"},
            files={"iris.csv": "length,width,species\n5.1,3.5,setosa\n7.0,3.2,versicolor\n6.3,3.3,virginica\n"},
        ),
    ),
)
