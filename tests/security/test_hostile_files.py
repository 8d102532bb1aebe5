"""What an experiment file of a stranger's can do: be refused in three lines. Nothing in it is imported or run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from as_module import as_module

HERE = Path(__file__).parent
corpus = as_module(HERE / "corpus.py")
CASES = dict(corpus.cases())
GOOD = corpus.GOOD.replace("{data}", "iris")
LONGEST = 8000  # characters of one answer, however long the file's names are
SECONDS = 60  # for one file, on a machine that is busy with other things


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Every file of the corpus, and a good one, looked at in one watched process."""
    here = tmp_path_factory.mktemp("hostile")
    (here / "cases.json").write_text(json.dumps({**CASES, "good": GOOD}))
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, str(HERE / "hostile.py"), "cases.json", str(SECONDS)]
    done = subprocess.run(command, cwd=here, env=env, capture_output=True, text=True, timeout=600)
    assert 0 == done.returncode, done.stderr
    return json.loads(done.stdout)


def errors(text):
    """What was said, an error a list of lines; remarks about plugins aside."""
    lines = [line for line in text.splitlines() if not line.startswith("plugin ")]
    starts = [number for number, line in enumerate(lines) if not line.startswith("  ")]
    return [lines[start:end] for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)]


@pytest.mark.parametrize("name", CASES)
def test_it_is_refused_in_three_lines(name, told):
    """What, where, how to mend it; exit code 1 or 2; nothing on stdout, no traceback, no control character."""
    result = told["results"][name]
    assert result["code"] in (1, 2), result["err"]
    assert "" == result["out"]
    assert len(result["err"]) < LONGEST
    assert all(letter.isprintable() or letter == "\n" for letter in result["err"])
    found = errors(result["err"])
    assert found
    for what, where, mend in found:
        assert "Traceback" not in what
        assert where.startswith("  at: ")
        assert mend.startswith("  try: ")


@pytest.mark.parametrize("name", CASES)
def test_nothing_else_happens(name, told):
    """No process, no connection, no import of what it names; no file is opened for writing but where it says."""
    seen = told["results"][name]["seen"]
    assert [] == [event for event in seen if not (event.startswith("wrote /proc/1") and "/proc/1/" in CASES[name])]


def test_nothing_was_imported(told):
    """Not even from the current folder, where what the files name lay."""
    assert told["imported"] is False


def test_the_file_that_they_all_come_from_is_good(told):
    """So that each is refused for its one change."""
    assert (0, []) == tuple(told["results"]["good"][key] for key in ("code", "seen"))


PLANTED = """
import os, sys
sys.path[:0] = [{here!r}, os.getcwd()]
import hostile
open("canary.py", "w").close()
watch = hostile.Watch()
watch.seen = []
import canary
os.system("true")
open({elsewhere!r}, "w").close()
open("inside", "w").close()
print([event.partition(" ")[0] for event in watch.seen])
"""


def test_the_watch_sees(tmp_path):
    """An import, a process and a file elsewhere are noticed; a file in the current folder is no one's business."""
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    here.mkdir()
    source = PLANTED.format(here=str(HERE), elsewhere=str(elsewhere))
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", source], cwd=here, env=env, capture_output=True, text=True, timeout=60, check=True
    )
    assert "['import', 'os.system', 'wrote']" == done.stdout.strip()
