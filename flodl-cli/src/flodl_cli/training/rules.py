"""The rules of an experiment: what they ask about is known before training, so a slip is told before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from flodl_core.errors import did_you_mean
from flodl_core.rules import Rule
from flodl_core.rules.action import Save

from flodl_cli.experiment.document import Document
from flodl_cli.experiment.schema import Experiment
from flodl_cli.experiment.validate import Faults


def read_rules(document: Document, experiment: Experiment, classes: int, held_out: int) -> Sequence[Rule]:
    """Every rule, with the line of its table.

    Args:
        classes: How many the model tells apart; 0: none.
        held_out: How many examples are held out.

    Raises:
        ExperimentError: One asks about what no epoch records, or saves where nothing is to be saved to.
    """
    faults = Faults(document)
    several = isinstance(document.data.get("rules"), list)
    recorded = list(metrics(classes, held_out))
    rules = []
    for index, table in enumerate(experiment.rules):
        path = ("rules", index) if several else ("rules",)
        rules.append(table.rule(document.where(*path)))
        for name in _unrecorded(rules[-1], recorded):
            mend = did_you_mean(name, recorded) or f"recorded: {', '.join(recorded)}"
            faults.add(f"[rules] asks about {name!r}, which no epoch of this experiment records", *path, mend=mend)
        if experiment.checkpoint is None and any(isinstance(action, Save) for action in rules[-1].actions):
            faults.add("[rules] saves, and there is no place to save to", *path, mend="add [checkpoint] with a path")
    faults.raise_any()
    return rules


def metrics(classes: int, held_out: int) -> Iterator[str]:
    """What each epoch of a run records."""
    yield "loss"
    if held_out:
        yield "val_loss"
        if classes:
            yield "val_accuracy"


def _unrecorded(rule: Rule, recorded: Sequence[str]) -> list[str]:
    names = dict.fromkeys(question.series.name for question in rule.condition.questions())
    return [name for name in names if not any(fnmatchcase(known, name) for known in recorded)]
