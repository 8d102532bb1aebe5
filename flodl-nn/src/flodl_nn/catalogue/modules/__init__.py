"""Modules by name, one file per category; targets without a package are torch's own classes."""

from __future__ import annotations

from flodl_nn.catalogue.modules.activation import ACTIVATIONS
from flodl_nn.catalogue.modules.attention import ATTENTION
from flodl_nn.catalogue.modules.convolution import CONVOLUTIONS
from flodl_nn.catalogue.modules.dropout import DROPOUTS
from flodl_nn.catalogue.modules.embedding import EMBEDDINGS
from flodl_nn.catalogue.modules.linear import LINEARS
from flodl_nn.catalogue.modules.normalization import NORMALIZATIONS
from flodl_nn.catalogue.modules.padding import PADDINGS
from flodl_nn.catalogue.modules.pooling import POOLINGS
from flodl_nn.catalogue.modules.recurrent import RECURRENTS
from flodl_nn.catalogue.modules.shape import SHAPES

MODULES = (
    *LINEARS,
    *CONVOLUTIONS,
    *POOLINGS,
    *PADDINGS,
    *ACTIVATIONS,
    *NORMALIZATIONS,
    *DROPOUTS,
    *RECURRENTS,
    *ATTENTION,
    *EMBEDDINGS,
    *SHAPES,
)
"""Every module of this distribution."""
