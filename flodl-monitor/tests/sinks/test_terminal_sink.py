"""Lines on the terminal."""

from __future__ import annotations

import io

import pytest
from flodl_monitor.sinks.terminal import Terminal, epoch_text, summary_text

GIB = 2.0**30
RAM = {"ram_used": 3.1 * GIB, "ram_total": 7.8 * GIB}
GPU = {"gpu0_percent": 82.0, "gpu0_memory_used": 2.1 * GIB, "gpu0_memory_total": 6 * GIB}
SECOND_GPU = {"gpu1_percent": 40.0, "gpu1_memory_used": 1.0 * GIB, "gpu1_memory_total": 6 * GIB}


@pytest.mark.parametrize(
    ("resources", "text"),
    [
        ({}, ""),
        ({"cpu_percent": 42.6}, "  CPU: 43%"),
        (RAM, "  RAM: 3.1/7.8 GB"),
        ({"cpu_percent": 43.0, **RAM}, "  CPU: 43%  RAM: 3.1/7.8 GB"),
        ({"cpu_percent": 43.0, **RAM, **GPU}, "  VRAM: 2.1/6.0 GB (82%)"),
        ({**GPU, **SECOND_GPU}, "  VRAM: 3.1/12.0 GB (2 GPUs, 61%)"),
        ({name: value for name, value in GPU.items() if "percent" not in name}, "  VRAM: 2.1/6.0 GB"),
        ({"gpu0_percent": 82.0, "cpu_percent": 43.0}, "  CPU: 43%"),
    ],
)
def test_line_is_flodls(record, resources, text):
    """The machine's part: GPU memory and load where there is one, else CPU and RAM, else nothing."""
    one = record(50, total=100, seconds=0.024, eta=1.2, metrics={"loss": 0.0023}, resources=resources)
    assert "  epoch  50/100  loss=0.0023  [24ms  ETA 1.2s]" + text == epoch_text(one)


def test_line_aligns_the_number_and_ends_without_eta(record):
    """Right-aligned to the digits of the total; the last epoch has nothing left."""
    one = record(7, total=100, seconds=1.2, eta=65.0, metrics={"loss": 0.1234, "lr": 0.001})
    assert "  epoch   7/100  loss=0.1234  lr=0.0010  [1.2s  ETA 1m 05s]" == epoch_text(one)
    assert "  epoch 100/100  [1.2s]" == epoch_text(record(100, total=100, seconds=1.2))


def test_line_is_one_line_whatever_the_names(record, hostile_names):
    """No name can break the line or colour the screen."""
    text = epoch_text(record(metrics=dict.fromkeys(hostile_names, 1.0)))
    assert 1 == len(text.splitlines())
    assert text.isprintable()


def test_summary_says_how_it_ended(record):
    """Complete is complete; a run that was stopped says where."""
    done = record(10, metrics={"loss": 0.5, "acc": 0.25})
    assert "  training complete in 12s  | loss: 0.5000  acc: 0.2500" == summary_text(done, 12.3)
    assert "  training stopped at epoch 3/10 after 42ms" == summary_text(record(3), 0.042)


def test_terminal_writes_each_line_in_one_call(record):
    """So that no line is ever inside another."""
    calls = []

    class Stream(io.StringIO):
        def write(self, text):
            calls.append(text)
            return len(text)

    sink = Terminal(Stream())
    sink.emit(record(1))
    sink.emit(record(2))
    sink.close()
    assert 3 == len(calls)
    assert all(call.endswith("\n") and 1 == call.count("\n") for call in calls)


def test_terminal_speaks_on_stderr(record, capsys):
    """A program's own output stays clean; without an epoch there is nothing to sum up."""
    Terminal().close()
    sink = Terminal()
    sink.emit(record(1))
    out, err = capsys.readouterr()
    assert ("", "  epoch  1/10  [500ms]\n") == (out, err)
