"""`python -m flodl_cli` is `flodl`."""

from __future__ import annotations

import sys

from flodl_cli.main import main

if __name__ == "__main__":
    sys.exit(main())
