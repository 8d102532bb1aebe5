"""`[data] keep`: where a run's examples are changes nothing but how fast it is."""

from __future__ import annotations

import pytest
from flodl_cli.experiment.load import load_experiment
from flodl_cli.training.loop import train
from flodl_cli.training.prepare import prepare
from flodl_core.testing.tape import TapeRecorder
from flodl_nn.step.recorders import RECORDERS

KEEP = ["auto", "resident", "prefetched"]


def kept(toml, keep):
    return toml.replace("batch_size = 16", f'batch_size = 16\nkeep = "{keep}"')


def test_the_same_weights_however_the_data_is_kept(small, flodl_here, tmp_path):
    """Byte for byte."""
    written = set()
    for keep in KEEP:
        assert 0 == flodl_here("run", "exp.toml", toml=kept(small, keep)).returncode
        written.add((tmp_path / "out/deep/model.safetensors").read_bytes())
    assert 1 == len(written)


@pytest.mark.parametrize(
    ("keep", "inputs"),
    [("auto", "rows of float32[150,4] int64[150] int64[16]"), ("prefetched", "float32[16,4] int64[16]")],
)
def test_resident_data_is_gathered_in_the_recording(keep, inputs, small, tmp_path, monkeypatch):
    """A recorded step takes places in the data, learning and judging; the odd last batch is recorded by itself."""
    monkeypatch.setitem(RECORDERS, "cpu", TapeRecorder)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "exp.toml").write_text(kept(small, keep))
    run = prepare(*load_experiment("exp.toml"))
    train(run)
    rows = [row for row in run.step.report().rows if row.step == "learn"]
    assert inputs == rows[0].inputs
    assert [20, 2] == [row.replays for row in rows]
    judged = [row for row in run.step.report().rows if row.step == "evaluate"]
    assert [("rows of" in row.inputs, row.replays) for row in judged] == [(keep == "auto", 2)]


def test_another_word_is_refused(small, flodl_here):
    """With the words that there are."""
    done = flodl_here("run", "exp.toml", toml=kept(small, "gpu"))
    assert 2 == done.returncode
    assert '"auto" or "resident" or "prefetched"' in done.stderr
