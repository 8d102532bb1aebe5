"""`Voice`: what a monitor says to people, also when it is over or belongs to another process."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import final

from flodl_monitor.console import write_line
from flodl_monitor.notices import Notices


@final
class Voice:
    """Says each thing once: on duty through the notices' own thread, later by itself.

    Args:
        notices: Of the monitor.
    """

    def __init__(self, notices: Notices) -> None:
        self._notices = notices
        self.pid = os.getpid()
        """Of the process that owns the monitor."""
        self._late: set[str] = set()
        self.finished = False

    @property
    def off_duty(self) -> str:
        """Why the monitor does nothing any more, in words; none while it does."""
        if self.finished:
            return "after finish()"
        return "" if os.getpid() == self.pid else "in a forked process, which does not own the monitor"

    def say(self, subject: str, text: str) -> None:
        """Say `text`, unless something was said about `subject` before."""
        if not self.off_duty:
            self._notices.once(subject, text)
        elif subject not in self._late:  # the notices' own thread is gone
            self._late.add(subject)
            with suppress(OSError, ValueError):  # stderr is closed
                write_line(f"flodl-monitor: {text}")
