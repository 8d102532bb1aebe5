"""A contract as one fact: all that is due was run, what is waived really fails, and nothing is lost unseen."""

from __future__ import annotations

import pytest
from flodl_core import ContractError, PluginError
from flodl_core.component import KINDS
from flodl_core.testing import (
    NEEDS_NO_TORCH,
    PUBLISHED,
    components_of,
    fake_distribution,
    fresh_registry,
    plugin_source,
    prove,
    suite_of,
)
from flodl_core.testing.contracts import suites

HALVING = """
from dataclasses import dataclass

@dataclass(frozen=True)
class Halving:
    every: int = 10
    def factor(self, step): return {factor}
    def lr(self, step, base): return base * self.factor(step)
"""
SOUND, NEGATIVE = "0.5 ** (step // self.every)", "-1.0"


@pytest.fixture
def halving(tmp_path):
    """Prove a schedule: `halving(factor, more="...")`."""

    def run(factor=SOUND, *, more=", example=Example()", before=""):
        spec = f'SchedulerSpec(name="halving", target="acme_code:Halving", summary="S."{more})'
        acme = fake_distribution(
            tmp_path / "site",
            "acme",
            entry_points={"acme": "acme_plugin"},
            files={
                "acme_plugin.py": plugin_source("flodl_schedulers", spec, before=before),
                "acme_code.py": HALVING.format(factor=factor),
            },
        )
        with fresh_registry(acme.folder) as registry:
            (component,) = components_of("acme", registry)
            return prove(component, registry=registry)

    return run


@pytest.mark.parametrize("kind", KINDS)
def test_every_suite_has_as_many_checks_as_are_published(kind):
    """A check that vanished from a suite would leave every run green."""
    if kind not in NEEDS_NO_TORCH:
        pytest.importorskip("torch")
    assert PUBLISHED[kind] == len(suite_of(kind))


def test_what_is_kept_is_counted(halving):
    """Run, expected to fail, skipped: all of them."""
    assert "6 run, 0 failed, 0 expected to fail, 1 skipped" == str(halving())


def test_what_is_broken_is_told_at_once(halving):
    """Component, check, reason, place, and the command that shows all."""
    with pytest.raises(ContractError) as caught:
        halving(NEGATIVE)
    assert caught.value.what.startswith("scheduler acme/halving breaks its contract: finite: factor(0) is -1.0")
    assert "acme_code:Halving, of acme 1.0" == caught.value.where
    assert "flodl exercise scheduler acme/halving shows every check" == caught.value.mend


def test_what_is_waived_is_expected_to_fail(halving):
    """It is counted apart, with its reason."""
    proof = halving(NEGATIVE, more=', example=Example(), waives={"finite": "it climbs, by design"}')
    assert "5 run, 0 failed, 1 expected to fail, 1 skipped" == str(proof)
    assert ["it climbs, by design"] == [result.reason for result in proof.waived]


def test_a_waiver_that_is_not_needed_is_a_failure(halving):
    """Strictly: what is expected to fail must fail."""
    with pytest.raises(ContractError, match="finite: its spec waives this check, which passes: it climbs"):
        halving(more=', example=Example(), waives={"finite": "it climbs"}')


def test_a_component_without_an_example_is_not_proved(halving):
    """Nothing was asked of it, and that is said."""
    with pytest.raises(ContractError, match=r"not run: builds, finite, .* \(not exercisable: no example\)"):
        halving(more="")


def test_a_suite_that_lost_a_check_proves_nothing(halving, monkeypatch):
    """All it still asks may be kept."""
    monkeypatch.setattr(suites, "PUBLISHED", PUBLISHED)
    monkeypatch.setitem(PUBLISHED, "scheduler", 7)
    with pytest.raises(ContractError, match="its suite has 6 checks, published are 7"):
        halving()


def test_what_this_machine_lacks_is_skipped_not_failed(halving):
    """The one result says what."""
    proof = halving(more=', example=Example(), requires=("no-such-thing>=1",)')
    assert "0 run, 0 failed, 0 expected to fail, 1 skipped" == str(proof)
    assert "no-such-thing" in proof.skipped[0].reason


def test_a_plugin_that_does_not_load_brings_nothing(halving):
    """The reason is told, rather than an empty list of things to prove."""
    with pytest.raises(PluginError, match=r"is failed: .*no licence"):
        halving(before="raise RuntimeError('no licence')")


def test_a_plugin_without_components_is_told(tmp_path):
    """A test over nothing would be green."""
    acme = fake_distribution(
        tmp_path, "acme", entry_points={"acme": "acme_plugin"}, files={"acme_plugin.py": plugin_source("flodl_ops")}
    )
    with fresh_registry(acme.folder) as registry, pytest.raises(PluginError, match="brings no component"):
        components_of("acme", registry)
