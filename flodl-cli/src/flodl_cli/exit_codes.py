"""How `flodl` ends, as a number; a run that a signal stopped, and that is saved, ends with `Preempted`'s own, 75."""

from __future__ import annotations

FINDINGS = 1
"""Something is wrong with what was looked at, or a run failed."""

USAGE = 2
"""The command line, or a file that it names, cannot be used."""

INTERRUPTED = 130
"""Ctrl-C."""
