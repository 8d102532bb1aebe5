"""The rules of an experiment: what they ask about is known before training, so a slip is told before it."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from flodl_core.rules import Rule
from flodl_core.rules.action import Save
from flodl_core.rules.condition import Series

from flodl_cli.experiment.faults import Faults
from flodl_cli.experiment.schema import Experiment
from flodl_cli.training.recorded import Recorded


def read_rules(experiment: Experiment, recorded: Recorded, faults: Faults) -> Sequence[Rule]:
    """Every rule, with the line of its table.

    Raises:
        ExperimentError: One asks about what no epoch records, or saves where nothing is to be saved to.
    """
    several = isinstance(faults.document.data.get("rules"), list)
    rules = []
    for index, table in enumerate(experiment.rules):
        path = ("rules", index) if several else ("rules",)
        rules.append(table.rule(faults.document.where(*path)))
        for name in _unrecorded(rules[-1], recorded):
            faults.adopt(recorded.fault("[rules] asks about", name), *path)
        if experiment.checkpoint is None and any(isinstance(action, Save) for action in rules[-1].actions):
            faults.add("[rules] saves, and there is no place to save to", *path, mend="add [checkpoint] with a path")
    faults.raise_any()
    return rules


def _unrecorded(rule: Rule, recorded: Recorded) -> list[str]:
    """What it asks about in vain; only `trends` may mean several by a glob."""
    asked = dict.fromkeys(question.series for question in rule.condition.questions())
    return [one.name for one in asked if not any(_means(one, known) for known in recorded.names)]


def _means(series: Series, name: str) -> bool:
    return fnmatchcase(name, series.name) if series.several else name == series.name
