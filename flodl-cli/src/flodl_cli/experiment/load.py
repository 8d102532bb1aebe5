"""`load_experiment`: a file's name in, an `Experiment` out; or every fault of the file in one error."""

from __future__ import annotations

from flodl_cli.experiment.document import Document, read_document
from flodl_cli.experiment.names import check_names
from flodl_cli.experiment.schema import Experiment
from flodl_cli.experiment.validate import Faults, read_tables


def load_experiment(file: str) -> tuple[Document, Experiment]:
    """Read an experiment file and look up every name in it. Imports nothing that it names.

    Raises:
        ExperimentError, UnknownComponent, AmbiguousComponent: What is wrong, all of it, in the order of the file.
    """
    document = read_document(file)
    faults = Faults(document)
    tables = read_tables(document, faults)
    check_names(document.data, faults)
    faults.raise_any()
    return document, Experiment(**tables)
