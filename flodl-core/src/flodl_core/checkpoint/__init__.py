"""Models in files: written whole or not at all, checked whole before anything is loaded.

Needs torch, numpy, safetensors and xxhash: `pip install flodl-core[torch]`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flodl_core.lazy import lazy_exports

if TYPE_CHECKING:
    from flodl_core.checkpoint.background import BackgroundSaver as BackgroundSaver
    from flodl_core.checkpoint.commit import committed as committed
    from flodl_core.checkpoint.compare import Comparison as Comparison
    from flodl_core.checkpoint.compare import Difference as Difference
    from flodl_core.checkpoint.compare import compare_checkpoints as compare_checkpoints
    from flodl_core.checkpoint.convert import convert_checkpoint as convert_checkpoint
    from flodl_core.checkpoint.fdl_writer import save_fdl as save_fdl
    from flodl_core.checkpoint.info import About as About
    from flodl_core.checkpoint.info import CheckpointInfo as CheckpointInfo
    from flodl_core.checkpoint.info import Entry as Entry
    from flodl_core.checkpoint.load import load_checkpoint as load_checkpoint
    from flodl_core.checkpoint.load import read_metadata as read_metadata
    from flodl_core.checkpoint.load import verify_checkpoint as verify_checkpoint
    from flodl_core.checkpoint.migrate import Proposal as Proposal
    from flodl_core.checkpoint.migrate import migrate_checkpoint as migrate_checkpoint
    from flodl_core.checkpoint.migrate import propose_migration as propose_migration
    from flodl_core.checkpoint.report import LoadReport as LoadReport
    from flodl_core.checkpoint.report import Mismatch as Mismatch
    from flodl_core.checkpoint.save import save_checkpoint as save_checkpoint
    from flodl_core.checkpoint.snapshot import Snapshot as Snapshot
    from flodl_core.checkpoint.state.signals import Preempted as Preempted
    from flodl_core.checkpoint.state.training_state import TrainingState as TrainingState
    from flodl_core.checkpoint.survey import Statistics as Statistics
    from flodl_core.checkpoint.survey import Survey as Survey
    from flodl_core.checkpoint.survey import survey_checkpoint as survey_checkpoint

_HOMES = {
    "flodl_core.checkpoint.background": "BackgroundSaver",
    "flodl_core.checkpoint.commit": "committed",
    "flodl_core.checkpoint.compare": "Comparison Difference compare_checkpoints",
    "flodl_core.checkpoint.convert": "convert_checkpoint",
    "flodl_core.checkpoint.fdl_writer": "save_fdl",
    "flodl_core.checkpoint.info": "About CheckpointInfo Entry",
    "flodl_core.checkpoint.load": "load_checkpoint read_metadata verify_checkpoint",
    "flodl_core.checkpoint.migrate": "Proposal migrate_checkpoint propose_migration",
    "flodl_core.checkpoint.report": "LoadReport Mismatch",
    "flodl_core.checkpoint.save": "save_checkpoint",
    "flodl_core.checkpoint.snapshot": "Snapshot",
    "flodl_core.checkpoint.state.signals": "Preempted",
    "flodl_core.checkpoint.state.training_state": "TrainingState",
    "flodl_core.checkpoint.survey": "Statistics Survey survey_checkpoint",
}

__all__ = [*sorted(name for names in _HOMES.values() for name in names.split())]

__getattr__, __dir__ = lazy_exports(__name__, {n: home for home, names in _HOMES.items() for n in names.split()})
