"""[[rules]] in an experiment file: read, checked, asked after each epoch, told in the log."""

from __future__ import annotations

import json

import pytest
from flodl_monitor import read_event_log

FALLING = '{ trend = "loss", latest = true, below = 100.0 }'


def with_rules(toml: str, *rules: str, sinks: str = '["terminal", { use = "jsonl", path = "log.jsonl" }]') -> str:
    """An experiment with rules, and a log of its epochs."""
    before, _, after = toml.partition("[monitor]\n")
    rest = after.partition("\n")[2]
    return before + "".join(f"[[rules]]\n{rule}\n" for rule in rules) + f"[monitor]\nsinks = {sinks}\n{rest}"


def test_a_rule_stops_the_run(flodl_here, small, tmp_path):
    """The epoch whose numbers made it fire is the last; terminal and event log say why."""
    done = flodl_here("run", "exp.toml", toml=with_rules(small, f'when = {FALLING}\ndo = "stop"'))
    assert 0 == done.returncode, done.stderr
    assert "rule fired: stop() because (trend('loss').latest() < 100.0)" in done.stderr
    assert "trained     1 of 3 epochs" in done.stdout
    (record,) = read_event_log(tmp_path / "log.jsonl")
    (firing,) = record.fired
    assert ("stop()",) == firing.actions
    assert {"loss": (record.metrics["loss"],)} == dict(firing.windows)


def test_a_rule_changes_rates_and_saves(flodl_here, small, tmp_path):
    """Actions are done in order, at every yes of a rule without rest; parts are named by path."""
    rule = f'when = {FALLING}\ndo = [{{ scale_lr = 0.5, path = "species" }}, {{ save = true }}]\ncooldown = 0'
    done = flodl_here("run", "exp.toml", toml=with_rules(small, rule))
    assert 0 == done.returncode, done.stderr
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [1, 2, 3] == [line["epoch"] for line in lines if line["event"] == "rule"]
    assert (tmp_path / "out/deep/model.safetensors").exists()


@pytest.mark.parametrize(
    ("rule", "what", "mend"),
    [
        ('when = { trend = "val_los", stalled = 5 }\ndo = "stop"', "asks about 'val_los'", "did you mean 'val_loss'"),
        ('when = { trend = "val_*", stalled = 5 }\ndo = "stop"', "asks about 'val_*'", "did you mean 'val_loss'"),
        ('when = { trend = "loss", staled = 5 }\ndo = "stop"', "asks one question of", "did you mean 'stalled'"),
        ('when = { trend = "loss", stalled = 2 }\ndo = "stop"', "by 2 points", "tol="),
        ('when = { trend = "loss", stalled = 5 }\ndo = "stpo"', "an action is a table", "did you mean 'stop'"),
        ('when = { trend = "loss", stalled = 5 }\ndo = { thaw = "speces" }', "'speces' names no", "'species'"),
        ('when = { trend = "loss", stalled = 5 }\ndo = "stop"\ncoldown = 3', "no key 'coldown'", "'cooldown'"),
        ('when = { trend = "loss", stalled = 5 }', "[rules] needs the key 'do'", "stop"),
        ('when = "soon"\ndo = "stop"', "[rules] when is a table", "stalled = 10"),
        ('when = { trend = "loss", latest = true }\ndo = "stop"', "compare it by one of below", "below = 0.1"),
    ],
)
def test_mistakes_are_told_before_training(flodl_here, small, rule, what, mend):
    """Exit 2, with the line of the rule and the nearest right word."""
    done = flodl_here("run", "exp.toml", toml=with_rules(small, rule))
    assert (2, "") == (done.returncode, done.stdout), done.stderr
    assert what in done.stderr
    assert mend in done.stderr
    assert "at: exp.toml:" in done.stderr


def test_saving_needs_a_place(flodl_here, small):
    """A rule that saves where nothing is kept is told at once."""
    toml = with_rules(small, f'when = {FALLING}\ndo = "save"').partition("[checkpoint]")[0]
    done = flodl_here("run", "exp.toml", toml=toml)
    assert 2 == done.returncode
    assert "[rules] saves, and there is no place to save to" in done.stderr
