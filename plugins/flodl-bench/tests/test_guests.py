"""Results of other frameworks: from files, and from distributions that bring them."""

from __future__ import annotations

import json

import pytest
from flodl_bench.guests import GROUP, read_guest
from flodl_core import PluginError, UsageError
from flodl_core.testing import fake_distribution

ENTRY = {"name": "mlp", "median_epoch_ms": 69.0, "final_loss": 1.01, "vram_mb": 540}


@pytest.fixture
def guest(tmp_path, monkeypatch):
    """Install one: `guest("acme", "def results(models): ...")`."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(name, source):
        module = f"{name}_for_bench"
        fake_distribution(
            tmp_path,
            f"{name}-bench",
            entry_points={name: f"{module}:results"},
            files={f"{module}.py": source},
            group=GROUP,
        )

    return install


def test_a_file_is_named_after_itself(tmp_path):
    """Its sides, where it has some, after both."""
    file = tmp_path / "floDl.json"
    file.write_text(json.dumps([ENTRY, {**ENTRY, "side": "captured"}]))
    assert ["floDl", "floDl: captured"] == [cell.side for cell in read_guest(str(file), ["mlp"])]


def test_a_distribution_brings_results(guest):
    """By an entry point; it is told which models are wanted."""
    guest("orchid", f"def results(models):\n    return [{{**{ENTRY!r}, 'name': name}} for name in models]\n")
    cells = read_guest("orchid", ["mlp", "convnet"])
    assert [("mlp", "orchid"), ("convnet", "orchid")] == [(cell.name, cell.side) for cell in cells]


def test_a_guest_is_imported_only_when_asked_for(guest, tmp_path):
    """One that is broken hurts nobody else."""
    guest("broken", "raise RuntimeError('out of\\norder')")
    file = tmp_path / "floDl.json"
    file.write_text(json.dumps(ENTRY))
    assert 1 == len(read_guest(str(file), ["mlp"]))
    message = "guest 'broken' failed: RuntimeError: out of order\n  at: broken_for_bench:results, of broken-bench"
    with pytest.raises(PluginError, match=message):
        read_guest("broken", ["mlp"])


def test_a_guest_must_tell_results(guest):
    """Else it is named."""
    guest("silent", "def results(models):\n    return [{'name': 'mlp'}]\n")
    with pytest.raises(PluginError, match="guest 'silent' tells no result: it has neither"):
        read_guest("silent", ["mlp"])


def test_neither_file_nor_guest_is_said(guest):
    """With what there is."""
    with pytest.raises(
        UsageError, match=r"no file 'floDl.json', and no guest .*\n  at: flodl bench --with\n  try: a f"
    ):
        read_guest("floDl.json", ["mlp"])
    guest("orchid", "def results(models):\n    return []\n")
    with pytest.raises(UsageError, match="did you mean 'orchid'"):
        read_guest("orchids", ["mlp"])


def test_nothing_about_these_models_is_said(tmp_path):
    """Rather than a table without them."""
    file = tmp_path / "floDl.json"
    file.write_text(json.dumps(ENTRY))
    with pytest.raises(UsageError, match=r"floDl.json holds nothing about convnet\n  at: .*\n  try: it holds mlp"):
        read_guest(str(file), ["convnet"])
