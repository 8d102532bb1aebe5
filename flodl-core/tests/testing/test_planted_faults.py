"""Faults planted in a stranger's components: each is found, by the check that is there for it."""

from __future__ import annotations

import os

import pytest
from flodl_core import ContractError
from flodl_core.testing import exercise, fake_distribution, fresh_registry, plugin_source
from planted_faults import FAULTS, GRADIENT
from sound_components import HAS_ORACLE, HEAD, MODULE, SOUND, STRAIGHT

torch = pytest.importorskip("torch")
F = torch.nn.functional
Feed = pytest.importorskip("flodl_core.testing.contracts.feed").Feed
require_gradients = pytest.importorskip("flodl_core.testing.contracts.gradients").require_gradients


@pytest.fixture
def results(tmp_path, device):
    """Results of exercising a kind's component, its source changed: `results("loss", "each.sum()", "each.mean()")`."""

    def run(kind, sound="", broken="", *, on=None, spec=""):
        hook, made, source, feed = SOUND[kind]
        assert sound in source
        target = 'name="thing", target="acme_code:Thing", summary="S."'
        example = f", example=Example(inputs={tuple(feed.split())!r})"
        oracle = ', oracle="acme_code:oracle"' if kind in HAS_ORACLE else ""
        acme = fake_distribution(
            tmp_path / "site",
            "acme",
            entry_points={"acme": "acme_plugin"},
            files={
                "acme_plugin.py": plugin_source(hook, f"{made}({target}{example}{oracle}{spec})"),
                "acme_code.py": HEAD + source.replace(sound, broken),
            },
        )
        with fresh_registry(acme.folder) as registry:
            chosen = registry.find(kind, "thing")
            return list(exercise(chosen, device=on or device.type, registry=registry))

    return run


@pytest.mark.parametrize("kind", SOUND)
def test_what_is_sound_passes(results, kind):
    """Before anything is planted: no failure, and nothing skipped."""
    assert {"passed"} == {result.outcome for result in results(kind)}, kind


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(results, fault, device):
    """By the check that is there for it, with a reason that tells; others may stumble over it too."""
    kind, sound, broken, check, reason = FAULTS[fault]
    if (fault, device.type) == ("a tensor that does not move", "cuda"):
        check = "builds"  # which has to move it already
    found = results(kind, sound, broken)
    failed = {result.check: result.reason for result in found if result.outcome == "failed"}
    skipped = {result.check: result.reason for result in found if result.outcome == "skipped"}
    assert reason in {**failed, **skipped}.get(check, "it was not found"), (failed, skipped)


def test_a_gradient_that_is_no_derivative_by_design_may_be_waived(results):
    """Straight-through estimators: said, shown, and still checked to be so."""
    source = STRAIGHT.format(backward="g") + MODULE.replace("torch.tanh(", "Straight.apply(")
    why = "straight through, by design"
    waived = results(
        "module", MODULE, source, spec=f", waives={dict.fromkeys(['gradients', 'gradients in eval'], why)}"
    )
    assert {("gradients", why), ("gradients in eval", why)} == {
        (r.check, r.reason) for r in waived if r.outcome != "passed"
    }


def test_kinks_are_no_faults(device):
    """At a kink there is no derivative to be right or wrong about; beside it there is."""
    feed = Feed.parse(["f32[5]"])
    near = feed.draw()[0].to(device) + 3e-7
    assert require_gradients(lambda x: F.relu(x - near), feed, device.type) is None
    with pytest.raises(ContractError, match=r"input 0\[0\]: gradient"):
        require_gradients(lambda x: x + x.detach(), feed, device.type)


def test_an_element_type_that_torch_lacks_is_a_fact(results):
    """bfloat16 where no kernel is: skipped, with torch's own words."""
    (skipped,) = (
        result
        for result in results("module", GRADIENT, "F.avg_pool3d(x[None, None, None], 1).reshape(2, 4)", on="cpu")
        if result.check == "bfloat16"
    )
    assert ("skipped", True) == (skipped.outcome, "not implemented for 'BFloat16'" in skipped.reason)
    assert os.linesep not in skipped.reason
