"""What an experiment file may say: one frozen class per table, each key with its form, default and help.

The classes are the schema: the reader, the messages and the reference page are all made from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, final

from attrs import NOTHING, asdict, field, fields, frozen
from flodl_core.reference import Ref
from flodl_core.rules import Rule
from flodl_core.rules.table import rule_from_table
from flodl_core.where import Where

from flodl_cli.experiment import forms
from flodl_cli.experiment.forms import Form


def _key(form: Form, about: str, default: Any = NOTHING, *, needs: str | None = None) -> Any:
    """One key; `needs` is another, without which it would say nothing."""
    return field(default=default, metadata={"form": form, "help": about, "needs": needs})


def _options() -> Any:
    """Every other key of the table: the component's own keyword arguments."""
    return field(factory=dict, metadata={"help": "every other key: the component's own arguments"})


@frozen(kw_only=True)
class ComponentTable:
    """A component by name, and its own arguments."""

    use: str = _key(forms.component_name(), "the component's name")
    args: tuple[Any, ...] = _key(forms.arguments(), "its positional arguments", ())
    options: Mapping[str, Any] = _options()

    @property
    def reference(self) -> Ref:
        """The component with its arguments, not yet made."""
        return Ref(self.use, self.args, self.options)


@final
@frozen(kw_only=True)
class DataTable(ComponentTable):
    """Which data set, what part is held out, and how the rest is batched."""

    holdout: float = _key(
        forms.fraction(), "the part kept away from training; classes keep their proportions in it", 0.2
    )
    batch_size: int = _key(forms.whole(at_least=1), "examples per training step", 64)
    seed: int | None = _key(
        forms.whole(at_least=0), "seed of the split into training and held-out examples; default: [train] seed", None
    )
    keep: Literal["auto", "resident", "prefetched"] = _key(
        forms.one_of("auto", "resident", "prefetched"),
        "resident: all of it on the device; prefetched: batch by batch; auto: resident, if it is tensors and they fit",
        "auto",
    )


@final
@frozen(kw_only=True)
class ModelTable:
    """The model, as a flow of words."""

    flow: tuple[Mapping[str, Any], ...] = _key(forms.tables(), "one [[model.flow]] table per node, in order")
    label: str | None = _key(forms.identifier(), "the graph's own name", None)


@final
@frozen(kw_only=True)
class LossTable(ComponentTable):
    """What is made small: the loss of outputs and target, and what joins it."""

    add: Mapping[str, float] | None = _key(
        forms.factors(), "tagged values that join the loss: the mean of each, times its factor", None
    )


@final
@frozen(kw_only=True)
class ScheduleTable(ComponentTable):
    """How the learning rate changes; several [[schedule]] tables follow one another."""

    per: str = _key(forms.one_of("step", "epoch"), "what the schedule counts: optimizer steps or epochs", "step")
    after: int | None = _key(
        forms.whole(at_least=1), "when the next [[schedule]] takes over; default: when this one is through", None
    )


@final
@frozen(kw_only=True)
class TrainTable:
    """How long and on what to train."""

    epochs: int = _key(forms.whole(at_least=1), "passes over the training examples")
    seed: int = _key(forms.whole(at_least=0), "seed of the first weights, of the order of examples and of dropout", 0)
    device: str = _key(forms.device(), '"auto" takes a CUDA device where there is one', "auto")
    threads: int | None = _key(
        forms.whole(at_least=1, at_most=4096), "CPU threads of each operation; left out: what torch finds best", None
    )
    clip_norm: float | None = _key(
        forms.positive(), "the longest the gradient may be, all parameters together; left out: any length", None
    )
    accumulate: int = _key(forms.whole(at_least=1), "batches whose gradients are added up before a step", 1)
    precision: Literal["fp32", "tf32", "bf16", "fp16"] = _key(
        forms.one_of("fp32", "tf32", "bf16", "fp16"),
        "what forward and loss are computed in; tf32 is for NVIDIA GPUs, fp16 scales the loss",
        "fp32",
    )
    groups: Mapping[str, Any] | None = _key(
        forms.groups(), "by path, quoted, its own rate or options of the optimizer; what comes later wins", None
    )
    compile: bool = _key(forms.flag(), "put forward and loss through torch.compile; the first steps take longer", False)


@final
@frozen(kw_only=True)
class RuleTable:
    """What to do when a trend says so; asked at the end of each epoch."""

    when: Mapping[str, Any] = _key(forms.condition(), "what is asked at the end of each epoch")
    do: str | Mapping[str, Any] | Sequence[Any] = _key(
        forms.actions(), "what is done, in order: freeze thaw scale_lr save stop"
    )
    cooldown: int | None = _key(
        forms.whole(at_least=0), "epochs to rest after firing; left out: fires when the answer turns to yes", None
    )
    once: bool = _key(forms.flag(), "fire one time and never again", False)

    def rule(self, where: Where | None = None) -> Rule:
        """The rule. Raises TrainingError where it means nothing."""
        return rule_from_table(asdict(self, recurse=False), where)


@final
@frozen(kw_only=True)
class MonitorTable:
    """Where the numbers of each epoch go."""

    sinks: tuple[Any, ...] = _key(forms.references(), "sinks, by name or with their arguments", ("terminal",))


@final
@frozen(kw_only=True)
class CheckpointTable:
    """Where the trained weights go, and the states that a run can go on from."""

    path: str = _key(forms.path(".safetensors"), "the file; its folders are created, an older file is replaced whole")
    folder: str | None = _key(
        forms.text(), "of training states, one after each epoch; left out: the run cannot be resumed", None
    )
    every: int | None = _key(
        forms.whole(at_least=1),
        "optimizer steps after which a state is saved within an epoch too",
        None,
        needs="folder",
    )
    keep_last: int = _key(forms.whole(at_least=2), "how many of the newest states are kept", 3, needs="folder")
    keep_best: str | None = _key(
        forms.text(), "a recorded name: the state where it was best is kept besides", None, needs="folder"
    )
    goal: str = _key(forms.one_of("min", "max"), "which is best, the least or the greatest", "min", needs="keep_best")
    resume: bool = _key(
        forms.flag(), "go on with the states that the folder holds, as --resume does", False, needs="folder"
    )


@final
@frozen(kw_only=True)
class Experiment:
    """One training run as data."""

    data: DataTable
    model: ModelTable
    loss: LossTable
    optimizer: ComponentTable
    schedule: tuple[ScheduleTable, ...] = ()
    train: TrainTable
    rules: tuple[RuleTable, ...] = ()
    monitor: MonitorTable = field(factory=MonitorTable)
    checkpoint: CheckpointTable | None = None


TABLES: Mapping[str, type[Any]] = {
    "data": DataTable,
    "model": ModelTable,
    "loss": LossTable,
    "optimizer": ComponentTable,
    "schedule": ScheduleTable,
    "train": TrainTable,
    "rules": RuleTable,
    "monitor": MonitorTable,
    "checkpoint": CheckpointTable,
}
"""Every table of an experiment file."""

SEVERAL = frozenset({"schedule", "rules"})
"""Tables of which there may be several: [[schedule]], one after the other."""

REQUIRED = ("data", "model", "loss", "optimizer", "train")
COMPONENT_KINDS = {"data": "dataset", "loss": "loss", "optimizer": "optimizer", "schedule": "scheduler"}
"""The tables that name a component, and of which kind it is."""


def table_of(key: str) -> str | None:
    """The table that has a key of this name, where just one has: a key that stands elsewhere belongs there.

    >>> table_of("clip_norm"), table_of("seed")
    ('train', None)
    """
    homes = [
        name for name, table in TABLES.items() if any(a.name == key for a in fields(table) if "form" in a.metadata)
    ]
    return homes[0] if len(homes) == 1 else None
