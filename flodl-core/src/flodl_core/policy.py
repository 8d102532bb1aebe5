"""Which plugins may load: what the environment says.

A distribution's name can be trusted, since installing it was somebody's decision; an entry point's
name is whatever its author wrote. So the allow-list takes distributions, the deny-list either.
"""

from __future__ import annotations

import os
import re
from typing import final

from attrs import frozen

ALLOW = "FLODL_PLUGINS"
DENY = "FLODL_DISABLE_PLUGINS"


def canonical(distribution: str) -> str:
    """A distribution's name as indexes compare it (PEP 503).

    >>> canonical("Acme_Losses")
    'acme-losses'
    """
    return re.sub(r"[-_.]+", "-", distribution).lower()


@final
@frozen
class Policy:
    """An allow-list for third-party plugins (None: all may load) and a deny-list for any."""

    allowed: frozenset[str] | None = None
    denied: frozenset[str] = frozenset()

    @classmethod
    def from_environment(cls) -> Policy:
        """Read `FLODL_PLUGINS` (set but empty: no third-party plugin) and `FLODL_DISABLE_PLUGINS`."""
        allowed = os.environ.get(ALLOW)
        return cls(None if allowed is None else _words(allowed), _words(os.environ.get(DENY, "")))

    def reason_against(self, distribution: str, entry_point: str, *, builtin: bool) -> str | None:
        """Why this plugin may not load, or None."""
        if {canonical(distribution), canonical(entry_point)} & self.denied:
            return f"{DENY} names it"
        if not builtin and self.allowed is not None and canonical(distribution) not in self.allowed:
            return f"{ALLOW} does not name it"
        return None


def _words(text: str) -> frozenset[str]:
    return frozenset(canonical(word) for word in re.split(r"[,\s]+", text) if word)
