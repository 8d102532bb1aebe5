"""Public names, lazily, as flodl's own packages have them."""

from flodl_core.lazy import lazy_exports

__all__ = ["Ladder"]

__getattr__, __dir__ = lazy_exports(__name__, {"Ladder": "acme_oldways.things"})
