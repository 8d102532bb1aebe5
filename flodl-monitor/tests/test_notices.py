"""What the monitor says, each thing once."""

from __future__ import annotations

import threading
import time

from flodl_monitor.notices import Notices, describe


def test_notices_say_each_thing_once(capsys):
    """One line per subject; nobody can move the cursor."""
    notices = Notices()
    for _ in range(3):
        notices.once("a", "first\x1b[2J")
        notices.once("b", "second")
    notices.close(time.monotonic() + 5.0)
    assert "flodl-monitor: first\\x1b[2J\nflodl-monitor: second\n" == capsys.readouterr().err


def test_notices_need_no_thread_until_there_is_one():
    """Most runs have nothing to say."""
    before = threading.active_count()
    Notices().close(time.monotonic())
    assert before == threading.active_count()


def test_errors_are_told_on_one_line():
    """However long their text is."""
    assert "ValueError: a b" == describe(ValueError("a\n  b"))
    assert "KeyboardInterrupt" == describe(KeyboardInterrupt())


def test_an_error_that_cannot_say_what_it_is():
    """Its kind is told."""

    class Mute(Exception):
        def __str__(self):
            raise RuntimeError

    assert "Mute" == describe(Mute())
