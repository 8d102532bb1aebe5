"""`python -m flodl_cli` is `flodl`."""

from __future__ import annotations

import sys

from flodl_cli.start import start

if __name__ == "__main__":
    sys.exit(start())
