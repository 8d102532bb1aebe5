"""`load_experiment`: a file's name in, an `Experiment` out; or every fault of the file in one error."""

from __future__ import annotations

from flodl_cli.experiment.document import Document, read_document
from flodl_cli.experiment.faults import Faults
from flodl_cli.experiment.names import check_names
from flodl_cli.experiment.parts import missing_part, missing_parts
from flodl_cli.experiment.schema import Experiment
from flodl_cli.experiment.validate import read_tables


def load_experiment(file: str) -> tuple[Document, Experiment]:
    """Read an experiment file and look up every name in it. Imports nothing that it names.

    Raises:
        ExperimentError, UnknownComponent, AmbiguousComponent: What is wrong, all of it, in the order of the file.
        MissingDistribution: A part of flodl that training needs is not installed.
    """
    document = read_document(file)
    faults = Faults(document)
    tables = read_tables(document, faults)
    missing = missing_parts()
    if not missing:  # else names that a missing part brings would all be unknown
        check_names(document.data, faults)
    faults.raise_any()
    if missing:
        raise missing_part(missing)
    return document, Experiment(**tables)
