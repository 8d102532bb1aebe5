"""The bar on a real terminal: a pseudo-terminal whose other end is read as a screen."""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
import unicodedata

import pytest
from flodl_monitor.progress import Glance
from flodl_monitor.sinks.bar import bar_text

TRAIN = """
import time
from flodl_monitor import Monitor
with Monitor(1, sinks=["terminal"], probes=[]) as monitor:
    for epoch in monitor.epochs():
        for batch in monitor.batches(range(40)):
            monitor.record("loss", 0.5)
            time.sleep(0.03)
            {between}
"""
BAR = re.compile(r"  epoch 1/1  [━╸─]+  (\d+)/40  \[.* of .*  ETA .*\]  \d+(\.\d)?/s  loss=0\.5000")


def _in_the_foreground() -> None:
    """What a shell starts in the background never hears Ctrl-C, and neither do its children."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Terminal:
    """Runs a script with a terminal as stdout and stderr, and keeps what it wrote."""

    def __init__(self, script: str, columns: int = 100, **variables: str) -> None:
        self._own, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        plain = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
        plain |= {"TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8", "PYTHON_COLORS": "0", "FLODL_PLUGINS": ""}
        command = [sys.executable, "-c", script]
        env = {**plain, **variables}
        self.process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=env, preexec_fn=_in_the_foreground
        )
        os.close(theirs)
        self.text = ""

    def until(self, done, seconds: float = 60.0) -> str:
        """All that was written when `done` is true of it, or when the program has ended."""
        data, end = self.text.encode(), time.monotonic() + seconds
        while not done(self.text) and time.monotonic() < end:
            if not select.select([self._own], [], [], 0.1)[0]:
                continue
            try:
                data += (piece := os.read(self._own, 65536))
            except OSError:  # the other side is closed
                break
            if not piece:
                break
            self.text = data.decode(errors="replace")
        return self.text

    def end(self) -> list[str]:
        """The lines that are left on the screen when the program has ended."""
        try:
            text = self.until(lambda text: False)
            self.status = self.process.wait(30)
            return screen(text)
        finally:
            self.process.kill()
            os.close(self._own)


def screen(text: str) -> list[str]:
    """What a terminal shows of it: returns go to the line's beginning, `ESC [ K` wipes what is after the cursor."""
    lines = []
    for line in text.split("\n"):
        shown = ""
        place = 0
        for piece in re.findall(r"\r|\x1b\[K|\x1b[^m]*m|[^\r\x1b]+", line):
            if piece == "\r":
                place = 0
            elif piece == "\x1b[K":
                shown = shown[:place]
            else:
                shown = shown[:place] + piece + shown[place + len(piece) :]
                place += len(piece)
        lines.append(shown)
    return lines


def bars(text: str) -> list[str]:
    """Every state of the bar that was drawn."""
    return re.findall(r"\r(  epoch [^\r\n\x1b]*)\x1b\[K", text)


def test_bar_goes_on_and_leaves_no_trace():
    """It counts up while the epoch lasts; what is left are the lines, as without a terminal."""
    terminal = Terminal(TRAIN.format(between="pass"))
    lines = terminal.end()
    drawn = [match for bar in bars(terminal.text) if (match := BAR.fullmatch(bar))]
    counts = [int(match[1]) for match in drawn]
    assert len(counts) > 1
    assert sorted(set(counts)) == counts
    epoch, complete, rest = lines
    assert epoch.startswith("  epoch 1/1  loss=0.5000  [")
    assert complete.startswith("  training complete in ")
    assert "" == rest
    assert "\x1b[?25l" not in terminal.text  # the cursor is never hidden, so a kill cannot leave it so


def test_bar_gives_way_to_what_the_program_prints():
    """print, a logger made before, a line in two pieces, stdout and stderr: each whole, on lines of their own."""
    between = """
            if batch == 20:
                print("from print")
                print("from stderr", file=sys.stderr)
                logging.warning("from a logger")
            if batch == 24:
                print("two ", end="", flush=True)
            if batch == 26:
                print("pieces")
    """
    setup = "import logging, sys\nlogging.basicConfig(format='%(message)s')\n"
    terminal = Terminal(setup + TRAIN.replace("            {between}", between))
    lines = terminal.end()
    said = [line for line in lines if not line.startswith("  ")]
    assert ["from print", "from stderr", "from a logger", "two pieces", ""] == said
    assert 2 == len([line for line in lines if line.startswith("  ")])
    assert any(int(match[1]) > 26 for bar in bars(terminal.text) if (match := BAR.fullmatch(bar)))


@pytest.mark.parametrize(
    "variables",
    [{"TERM": "dumb"}, {"PYTHONIOENCODING": "ascii"}, {"NO_COLOR": "1"}],
    ids=lambda names: next(iter(names)),
)
def test_bar_of_plain_terminals(variables):
    """None where the cursor cannot move, `#` where there is no better sign; no colours anywhere."""
    terminal = Terminal(TRAIN.format(between="pass"), **variables)
    terminal.end()
    drawn = bars(terminal.text)
    assert bool(drawn) is (variables != {"TERM": "dumb"})
    assert all(bar.isascii() for bar in drawn) is ("NO_COLOR" not in variables)
    assert not re.search(r"\x1b\[[0-9;]*m", terminal.text)


def test_bar_fits_a_narrow_terminal():
    """It never wraps."""
    terminal = Terminal(TRAIN.format(between="pass"), columns=24)
    terminal.end()
    drawn = bars(terminal.text)
    assert drawn
    assert all(len(bar) < 24 for bar in drawn)


def test_ctrl_c_leaves_the_terminal_as_it_was():
    """The bar is gone, the traceback begins on a clean line, the streams are their own again."""
    ours = "{*vars(sys.stdout), *vars(sys.stderr)} & {'write', 'flush'}"
    script = f"import atexit, sys\natexit.register(lambda: print({ours}))\n"
    terminal = Terminal(script + TRAIN.format(between="pass"))
    terminal.until(lambda text: len(bars(text)) > 1)
    terminal.process.send_signal(signal.SIGINT)
    lines = terminal.end()
    assert -signal.SIGINT == terminal.status
    assert "Traceback (most recent call last):" in lines
    assert "KeyboardInterrupt" in lines
    assert "set()" in lines
    assert not [line for line in lines if "━" in line]


def test_error_without_a_context_manager():
    """Nobody closes the monitor before the traceback: it is whole all the same."""
    script = TRAIN.replace("with Monitor", "monitor = Monitor").replace(
        "probes=[]) as monitor:", "probes=[])\nif True:"
    )
    terminal = Terminal(script.format(between="if batch == 30: raise ValueError('mine')"))
    lines = terminal.end()
    assert 1 == terminal.status
    assert "ValueError: mine" in lines
    assert bars(terminal.text)
    assert not [line for line in lines if "━" in line]


def test_bar_stands_still_when_nothing_moves():
    """A debugger or a question has the terminal for itself."""
    terminal = Terminal(TRAIN.format(between="input('go on? ') if batch == 30 else None"))
    try:
        terminal.until(lambda text: text.count("go on?") == 1)
        time.sleep(1.0)
        terminal.until(lambda text: False, seconds=0.3)
        assert screen(terminal.text)[-1].endswith("go on? ")
    finally:
        terminal.process.kill()
        terminal.end()


def test_no_terminal_no_bar():
    """Lines alone, no thread, no control characters."""
    script = TRAIN.format(between="pass") + "import threading; print([t.name for t in threading.enumerate()])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert "['MainThread']\n" == done.stdout
    assert 2 == len(done.stderr.splitlines())
    assert "\r" not in done.stderr
    assert "\x1b" not in done.stderr


def glance(**fields) -> Glance:
    usual = {"epoch": 7, "total": 100, "done": 120, "expected": 300, "seconds": 2.5, "rate": 48.0, "left": 3.75}
    return Glance(**{**usual, "eta": 110.0, "metrics": {"loss": 0.5, "acc": 0.25}, **fields})


NO_TOTAL = {"expected": None, "left": None, "eta": None}


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "[2.5s]  48/s  loss=0.5000  acc=0.2500"),
        ({"metrics": {}, "rate": 0.05}, "[2.5s]  20s each"),
        ({"metrics": {}, "rate": 4.25}, "[2.5s]  4.2/s"),
        ({"metrics": {}, "rate": None}, "[2.5s]"),
    ],
)
def test_bar_says_what_is_known(fields, text):
    """No total, no bar; a rate below one in ten seconds is told the other way round."""
    assert f"  epoch   7/100  120/?  {text}" == bar_text(glance(**NO_TOTAL, **fields), 100)


@pytest.mark.parametrize("names", [("loss", "acc"), ("größe", "損失"), ("e\u0301", "\x1b[2J")])
def test_bar_is_never_wider_than_the_terminal(names):
    """Wide letters count twice, accents not at all, and nothing moves the cursor."""
    for columns in range(140):
        text = bar_text(glance(metrics=dict.fromkeys(names, 0.5)), columns)
        wide = [unicodedata.east_asian_width(letter) in "WF" for letter in text if not unicodedata.combining(letter)]
        assert len(wide) + sum(wide) <= columns
        assert text.isprintable()
