"""The `flodl` command: what is installed, and a training run from a file.

>>> from flodl_cli import main
>>> main(["--version"])  # doctest: +SKIP
flodl 0.1.0
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flodl_core.lazy import lazy_exports

if TYPE_CHECKING:
    from flodl_cli.main import main as main

__all__ = ["main"]
__getattr__, __dir__ = lazy_exports(__name__, {"main": "flodl_cli.main"})
