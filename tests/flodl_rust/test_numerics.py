"""Every number that was recorded from the Rust floDl is compared with ours by some test, or left out for a reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flodl_monitor.formats import format_seconds

ROOT = Path(__file__).parents[2]
ENTRIES = json.loads((Path(__file__).parent / "entries.json").read_text())
"""What was recorded: section, entry, and parts of an entry."""

NN, CORE = ROOT / "flodl-nn" / "tests", ROOT / "flodl-core" / "tests"
CONSUMERS = {
    "optimizers": (NN / "fixtures" / "flodl_optimizers.json", ["optimizers"], NN / "optim" / "test_flodl_numbers.py"),
    "optimizers.saved_state": (
        NN / "fixtures" / "flodl_states.json",
        ["saved_state"],
        NN / "optim" / "test_flodl_states.py",
    ),
    "optimizers.clip": (CORE / "autograd" / "flodl_clip.json", ["clip"], CORE / "autograd" / "test_flodl_clip.py"),
    "schedulers_lr_for_step_0_to_39": (
        NN / "fixtures" / "flodl_schedules.json",
        ["schedules"],
        NN / "schedules" / "test_flodl_numbers.py",
    ),
    "losses": (NN / "fixtures" / "flodl_losses.json", ["losses"], NN / "losses" / "test_flodl_numbers.py"),
    "trends": (CORE / "fixtures" / "flodl" / "trends.json", [], CORE / "trends" / "test_parity.py"),
    "trends.groups": (CORE / "fixtures" / "flodl" / "trends.json", ["groups"], CORE / "trends" / "test_parity.py"),
    "misc": (NN / "fixtures" / "flodl_random.json", [], NN / "test_flodl_random.py"),
    "misc.init_statistics (random: compare ranges, not values)": (
        NN / "fixtures" / "flodl_random.json",
        ["init"],
        NN / "test_flodl_random.py",
    ),
}
"""Section, or entry with parts, to the file that holds it, the key there, and the test that reads that file."""

LEFT_OUT = {
    "rng": "floDl's own generator, of Rust's rand crate; flodl draws from torch's, Python's and numpy's generators",
    "misc.format_duration": "compared below, as far as flodl writes durations the same way",
}


def entries() -> Iterator[tuple[str, str]]:
    for section, held in ENTRIES.items():
        for entry, parts in held.items():
            home = f"{section}.{entry}"
            yield from ((home, part) for part in parts) if parts else [(section, entry)]


@pytest.mark.parametrize(("home", "entry"), list(entries()))
def test_an_entry_has_a_consumer(home: str, entry: str) -> None:
    """It stands in a fixture, and a test reads that fixture."""
    if home in LEFT_OUT or f"{home}.{entry}" in LEFT_OUT:
        return
    fixture, keys, test = CONSUMERS[home]
    held: Any = json.loads(fixture.read_text())
    for key in keys:
        held = held[key]
    assert entry in held
    assert fixture.name in test.read_text()


def test_what_is_left_out_was_recorded() -> None:
    """No reason outlives its entry."""
    known = {*ENTRIES, *(f"{section}.{entry}" for section, held in ENTRIES.items() for entry in held)}
    assert set(LEFT_OUT) <= known


SAME = {0.0: "0ms", 0.05: "50ms", 0.5: "500ms", 1.0: "1.0s"}
OURS = {59.4: "59s", 61.0: "1m 01s", 3599.0: "59m 59s", 3600.0: "1h 00m", 90061.0: "25h 01m"}
"""floDl: 59.4s, 1m01s, 59m59s, 60m00s, 1501m01s."""


def test_short_durations_are_written_as_flodl_for_rust_writes_them() -> None:
    """Up to ten seconds; longer ones have hours here, and no tenths."""
    assert SAME == {seconds: format_seconds(seconds) for seconds in SAME}
    assert OURS == {seconds: format_seconds(seconds) for seconds in OURS}
