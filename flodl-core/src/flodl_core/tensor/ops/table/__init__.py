"""All rows, by category."""

from __future__ import annotations

from collections.abc import Mapping

from flodl_core.tensor.ops.row import Row
from flodl_core.tensor.ops.table.activation import ACTIVATIONS
from flodl_core.tensor.ops.table.comparison import COMPARISONS
from flodl_core.tensor.ops.table.elementwise import ARITHMETIC, FUNCTIONS
from flodl_core.tensor.ops.table.kernel import LINEAR, NORMS, RECURRENT
from flodl_core.tensor.ops.table.loss import LOSSES
from flodl_core.tensor.ops.table.matrix import MATRICES
from flodl_core.tensor.ops.table.pooling import POOLING
from flodl_core.tensor.ops.table.reduction import REDUCTIONS
from flodl_core.tensor.ops.table.selection import SELECTIONS
from flodl_core.tensor.ops.table.shape import SHAPES

_ROWS = (
    *ARITHMETIC,
    *FUNCTIONS,
    *ACTIVATIONS,
    *REDUCTIONS,
    *COMPARISONS,
    *SELECTIONS,
    *SHAPES,
    *MATRICES,
    *LINEAR,
    *NORMS,
    *RECURRENT,
    *POOLING,
    *LOSSES,
)

TABLE: Mapping[str, Row] = {row.spec.name: row for row in _ROWS}
"""Every op, by its name."""
