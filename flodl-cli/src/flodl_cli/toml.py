"""TOML, read by the standard library's parser; before Python 3.11 by the same one, under the name that it had then."""

from __future__ import annotations

import sys

if sys.version_info >= (3, 11):
    from tomllib import loads as loads
else:
    from tomli import loads as loads  # type: ignore[import-not-found, unused-ignore]
