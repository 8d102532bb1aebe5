"""Sparse gradients: an embedding made with `sparse=True` leaves those of the rows it used, which few kernels take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from flodl_core import Ref, TrainingError, components
from torch import Tensor, nn

from flodl_nn.optim.fused import HOW


def sparse_layers(model: nn.Module) -> dict[str, nn.Embedding | nn.EmbeddingBag]:
    """The layers whose gradients are sparse, by path.

    >>> list(sparse_layers(nn.Sequential(nn.Embedding(9, 4), nn.Embedding(9, 4, sparse=True))))
    ['1']
    """
    embeddings = (nn.Embedding, nn.EmbeddingBag)
    return {path: m for path, m in model.named_modules() if isinstance(m, embeddings) and m.sparse}


def unfused(optimizer: Ref) -> Ref:
    """The same off torch's fused kernels, which take no sparse gradient; as it is, if it says how it computes."""
    options = components.find("optimizer", optimizer.name).signature().parameters
    if "fused" not in options or HOW & optimizer.kwargs.keys():
        return optimizer
    return Ref(optimizer.name, optimizer.args, {**optimizer.kwargs, "fused": False})


@contextmanager
def sparse_explained(named: Mapping[str, Tensor], what: str) -> Iterator[None]:
    """A block in which dense kernels work on gradients: torch's own words for a sparse one name no parameter.

    Args:
        named: Parameters by name.
        what: Needs dense gradients.

    Raises:
        TrainingError: The block failed, and a gradient is sparse.
    """
    try:
        yield
    except RuntimeError as error:
        name = next((name for name, p in named.items() if p.grad is not None and p.grad.is_sparse), None)
        if name is None:
            raise
        raise TrainingError(
            f"the gradient of {name!r} is sparse, and {what} takes dense ones", mend="sparse=False in its layer"
        ) from error
