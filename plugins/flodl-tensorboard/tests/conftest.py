"""TensorBoard's own reader, and records to be read by it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flodl_monitor import EpochRecord


@pytest.fixture
def record() -> Callable[..., EpochRecord]:
    """A record with little to say."""

    def make(epoch: int = 1, **fields: Any) -> EpochRecord:
        return EpochRecord(**{"epoch": epoch, "total": 10, "seconds": 0.5, "time": 1000.0 + epoch, **fields})

    return make


class Shown:
    """A folder as TensorBoard sees it."""

    def __init__(self, folder: Path) -> None:
        accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
        everything = dict.fromkeys(("scalars", "tensors"), 0)
        self.reader = accumulator.EventAccumulator(str(folder), size_guidance=everything).Reload()

    def scalar(self, tag: str) -> list[tuple[int, float]]:
        """Steps and values."""
        return [(event.step, event.value) for event in self.reader.Scalars(tag)]

    def text(self, tag: str) -> list[tuple[int, str]]:
        """Steps and words."""
        events = self.reader.Tensors(tag)
        return [(event.step, event.tensor_proto.string_val[0].decode()) for event in events]

    def settings(self) -> dict[str, Any]:
        """What the page HParams is given."""
        metadata = pytest.importorskip("tensorboard.plugins.hparams.metadata")
        content = self.reader.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
        values = metadata.parse_session_start_info_plugin_data(content).hparams
        return {name: getattr(value, value.WhichOneof("kind")) for name, value in values.items()}


@pytest.fixture
def shown() -> Callable[[Path], Shown]:
    """Reads a folder; the test is skipped where there is no TensorBoard."""
    pytest.importorskip("tensorboard", reason="no TensorBoard to read with: pip install tensorboard")
    return Shown
