"""Places in the user's files."""

from __future__ import annotations

import contextlib
import os

from flodl_core.where import Where, caller


def test_relative_inside_the_working_folder(tmp_path, monkeypatch):
    """What lies below is shown as people type it; what lies elsewhere in full."""
    monkeypatch.chdir(tmp_path)
    assert "models/net.py:3" == str(Where(str(tmp_path / "models" / "net.py"), 3))
    assert "/elsewhere/net.py:3" == str(Where("/elsewhere/net.py", 3))
    assert f"{tmp_path}x/net.py:3" == str(Where(f"{tmp_path}x/net.py", 3))


def test_line_0_is_the_whole_file():
    """A file that cannot be read has no line."""
    assert "run.toml" == str(Where("run.toml"))
    assert "net.py:7" == Where("/a/b/net.py", 7).short


def test_a_working_folder_that_is_gone(tmp_path, monkeypatch):
    """A message still comes out."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    os.rmdir(gone)
    assert "/a/net.py:1" == str(Where("/a/net.py", 1))


def test_the_caller_is_the_user():
    """The nearest frame outside flodl's packages, and past what calls are led through."""
    ours = {"__name__": "flodl_graph.words", "caller": caller, "contextlib": contextlib}
    exec("@contextlib.contextmanager\ndef place():\n    yield caller()", ours)
    with ours["place"]() as place:
        assert __file__ == place.file
    theirs = {"__name__": "flodl_lion", "caller": caller}
    assert "lion.py:3" == str(eval(compile("\n\ncaller()", "lion.py", "eval"), theirs))


def test_a_module_without_a_name():
    """Code run by exec in a bare namespace is a user's, too."""
    assert "bare.py:1" == str(eval(compile("caller()", "bare.py", "eval"), {"__name__": None, "caller": caller}))
