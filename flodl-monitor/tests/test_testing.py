"""The checks that this distribution adds to the suite of sinks: each finds what is planted for it."""

from __future__ import annotations

import pytest
from flodl_core.testing import exercise, fake_distribution, fresh_registry, plugin_source
from flodl_monitor.testing import CHECKS

SINK = """
import json
from pathlib import Path

class Lines:
    def __init__(self, path="run.txt"):
        self.file = Path(path).open("{mode}", encoding="utf-8")
    def emit(self, record):
        self.file.write(json.dumps({record}, allow_nan={nan}) + "\\n")
        self.file.flush()
    def close(self):
        self.file.close()
"""


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({}, {}),
        ({"nan": "False"}, {"records": "Out of range float values", "again": "Out of range float values"}),
        ({"record": "record.metrics['loss'] / record.eta"}, {"records": "NoneType", "again": "NoneType"}),
        ({"mode": "x"}, {"closes": "", "records": "exists", "again": "exists"}),
    ],
)
def test_planted_faults_of_a_sink_are_found(tmp_path, fault, expected):
    """A sink that refuses NaN, that believes in an ETA, that cannot take up an old file."""
    source = SINK.format(**{"mode": "a", "nan": "True", "record": "dict(record.metrics)", **fault})
    spec = 'SinkSpec(name="lines", target="acme_code:Lines", summary="S.", example=Example())'
    files = {"acme_plugin.py": plugin_source("flodl_sinks", spec), "acme_code.py": source}
    acme = fake_distribution(tmp_path, "acme", entry_points={"acme": "acme_plugin"}, files=files)
    with fresh_registry(acme.folder) as registry:
        results = list(exercise(registry.find("sink", "lines"), more=CHECKS, registry=registry))
    failed = {result.check: result.reason for result in results if result.outcome == "failed"}
    assert expected.keys() == failed.keys()
    assert all(words in failed[check] for check, words in expected.items())
