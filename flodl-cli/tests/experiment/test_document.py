"""Reading an experiment file: whatever it is, it is data or one error."""

from __future__ import annotations

import os
import time

import pytest
from flodl_cli.experiment.document import MAX_BYTES, read_document
from flodl_core.errors import ExperimentError


def refused(file):
    """The error about a file."""
    with pytest.raises(ExperimentError) as caught:
        read_document(str(file))
    assert len(str(caught.value).splitlines()) == 3
    return caught.value


@pytest.fixture
def write(tmp_path):
    """Write an experiment file."""

    def to(content, name="exp.toml"):
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    return to


def test_data_and_lines_are_read(write):
    """Data as TOML says it, places as the file has them; a byte order mark and CRLF do not disturb."""
    document = read_document(str(write(b"\xef\xbb\xbf[train]\r\nepochs = 3\r\n")))
    assert {"train": {"epochs": 3}} == document.data
    assert 2 == document.where("train", "epochs").line


def test_missing_file_names_one_that_is_there(write, tmp_path):
    """A missing file is answered with a command that would run."""
    there = write("", "there.toml")
    assert "no such file" == refused(tmp_path / "their.toml").what
    assert f"flodl run {there}" == refused(tmp_path / "their.toml").mend


def test_folder_is_refused(tmp_path):
    """A folder is no experiment."""
    assert "a folder, where an experiment file is due" == refused(tmp_path).what


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file_is_refused(write):
    """A file without rights is refused with the system's reason."""
    file = write("")
    file.chmod(0)
    assert "cannot be read: Permission denied" == refused(file).what


def test_path_through_a_file_is_refused(write):
    """A path that goes through a file is refused with the system's reason."""
    assert "cannot be read: Not a directory" == refused(write("") / "exp.toml").what


def test_large_file_is_not_read(write):
    """A byte over 1 MiB is refused by its size; a mebibyte is read."""
    what = refused(write(b"#" * (MAX_BYTES + 1))).what
    assert "1,048,577 bytes, the limit for an experiment file is 1,048,576" == what
    assert {} == read_document(str(write(b"#" * MAX_BYTES))).data


def test_endless_pipe_is_refused(tmp_path):
    """A device without a size is read no further than the limit."""
    assert "1,048,577 bytes" in refused("/dev/zero").what


def test_other_encodings_are_refused_with_the_line(write):
    """Not UTF-8: the byte and its line."""
    error = refused(write(b"a = 1\nb = '\xff'\n"))
    assert "not UTF-8: byte 0xff" == error.what
    assert 2 == error.where.line


@pytest.mark.parametrize(
    ("toml", "line"), [("a = 1\nb = = 2\n", 2), ("a = 1\na = 2\n", 2), ("a = [1,\n", 2), ("a = 1979-99-99", 1)]
)
def test_syntax_errors_have_the_line(write, toml, line):
    """What is no TOML is refused with the parser's reason and the line."""
    error = refused(write(toml))
    assert error.what.startswith("not TOML: ")
    assert "(at line" not in error.what
    assert line == error.where.line


@pytest.mark.parametrize(
    "toml",
    [
        "a = " + "[" * 5000 + "]" * 5000,
        "a" + ".a" * 5000 + " = 1",
        "a = " + "{ a = " * 40 + "1" + " }" * 40,
        "[a" + ".a" * 40 + "]",
        "a" + ".a" * 30 + " = { b" + ".b" * 30 + " = 1 }",
    ],
)
def test_deep_nesting_is_refused_quickly(write, toml):
    """Depth is limited, however it is written."""
    start = time.perf_counter()
    assert refused(write(toml)).what.startswith("nested too deep: ")
    assert time.perf_counter() - start < 10


def test_endless_number_is_refused(write):
    """An integer of a million digits is refused."""
    refused(write("a = " + "1" * 1_000_000))
