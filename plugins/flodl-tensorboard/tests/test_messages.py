"""The messages, parsed by TensorBoard's own; the records, by their definition."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from flodl_tensorboard import events
from flodl_tensorboard.records import RecordFile, crc32c, framed
from flodl_tensorboard.wire import whole
from hypothesis import given
from hypothesis import strategies as st

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@pytest.fixture(scope="module")
def parsed() -> Any:
    """Bytes to an Event."""
    module = pytest.importorskip("tensorboard.compat.proto.event_pb2", reason="no TensorBoard: pip install tensorboard")
    return module.Event.FromString


@given(values=st.dictionaries(NAMES, st.floats(width=32, allow_nan=False)), step=st.integers(-(2**63), 2**63 - 1))
def test_scalars_are_tensorboards(parsed, values, step):
    """Tag and value of each, the step, the time."""
    event = parsed(events.scalars(1.5, step, values))
    assert (1.5, step) == (event.wall_time, event.step)
    assert values == {value.tag: value.simple_value for value in event.summary.value}


@given(values=st.dictionaries(NAMES, st.text(st.characters(exclude_categories=["Cs"]), max_size=300)))
def test_texts_are_tensorboards(parsed, values):
    """Each a tensor of one string, shown by the text plugin."""
    event = parsed(events.texts(0.0, 3, values))
    assert values == {value.tag: value.tensor.string_val[0].decode() for value in event.summary.value}
    assert all(
        (7, [1]) == (one.tensor.dtype, [dim.size for dim in one.tensor.tensor_shape.dim]) for one in event.summary.value
    )
    assert {"text"} >= {value.metadata.plugin_data.plugin_name for value in event.summary.value}


def test_beginnings_are_tensorboards(parsed):
    """The version that makes readers look for restarts; the start itself."""
    assert (2.5, "brain.Event:2") == (parsed(events.version(2.5)).wall_time, parsed(events.version(2.5)).file_version)
    start = parsed(events.start(2.5, 7))
    assert (7, start.session_log.START) == (start.step, start.session_log.status)


@given(data=st.binary(max_size=300), place=st.integers(0, 299), bit=st.integers(0, 7))
def test_a_flipped_bit_changes_the_sum(data, place, bit):
    """Whichever."""
    if place < len(data):
        flipped = bytearray(data)
        flipped[place] ^= 1 << bit
        assert crc32c(data) != crc32c(bytes(flipped))


def test_record_is_length_content_and_their_sums():
    """As TensorFlow writes the empty record: its masked sums are well known."""
    assert struct.pack("<QI", 0, 0x07980329) + struct.pack("<I", 0xA282EAD8) == framed(b"")
    assert struct.pack("<Q", 3) == framed(b"abc")[:8]
    assert b"abc" == framed(b"abc")[12:15]


@pytest.mark.parametrize(("value", "expected"), [(0, b"\x08\x00"), (-1, b"\x08" + b"\xff" * 9 + b"\x01")])
def test_whole_numbers_of_either_sign(value, expected):
    """Two's complement of 64 bits."""
    assert expected == whole(1, value)


def test_a_file_is_never_written_over(tmp_path):
    """Two runs at once in one folder: the second is told."""
    RecordFile(tmp_path / "one").close()
    with pytest.raises(FileExistsError):
        RecordFile(tmp_path / "one")
