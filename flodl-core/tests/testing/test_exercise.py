"""Running suites: apart from each other, whatever a component does; with suites that need no torch."""

from __future__ import annotations

from pathlib import Path

import pytest
from flodl_core import UnknownKind
from flodl_core.component import KINDS
from flodl_core.testing import (
    NEEDS_NO_TORCH,
    Check,
    Skip,
    exercise,
    fake_distribution,
    fresh_registry,
    plugin_source,
    suite_of,
)

HALVING = """
from dataclasses import dataclass

@dataclass(frozen=True)
class Halving:
    every: int = 10
    def factor(self, step): return 0.5 ** (step // self.every)
    def lr(self, step, base): return base * self.factor(step)
"""
SPEC = 'SchedulerSpec(name="{name}", target="acme_code:{target}", summary="S."{more})'
PLAIN = ", example=Example()"


@pytest.fixture
def results(tmp_path):
    """Results of exercising a schedule: `results(source, more="...")`; its class is the last one of the source."""

    def run(source, *, more=PLAIN, name="halving", further=None, started=None):
        spec = SPEC.format(name=name, target="Halving", more=more)
        acme = fake_distribution(
            tmp_path / "site",
            "acme",
            entry_points={"acme": "acme_plugin"},
            files={"acme_plugin.py": plugin_source("flodl_schedulers", spec), "acme_code.py": source},
        )
        with fresh_registry(acme.folder) as registry:
            chosen = registry.find("scheduler", name)
            found = exercise(chosen, registry=registry, more=further, started=started)
            home = Path.cwd()
            return [result for result in found if home == Path.cwd() or pytest.fail("the folder changed")]

    return run


def outcomes(found):
    return {result.check: result.outcome for result in found}


def test_every_kind_has_a_suite():
    """Names are unique, promises are said, and the first check makes the component."""
    for kind in KINDS:
        if kind not in NEEDS_NO_TORCH:
            pytest.importorskip("torch")
        suite = suite_of(kind)
        assert "builds" == suite[0].name
        assert len(suite) == len({check.name for check in suite})
        assert all(check.promise.endswith(".") and set(check.devices) <= {"cpu", "cuda"} for check in suite)


def test_a_kind_may_be_plural_and_misspelled():
    """As everywhere."""
    assert suite_of("schedulers") is suite_of("scheduler")
    with pytest.raises(UnknownKind, match="no kind of component is called 'schedular'"):
        suite_of("schedular")


def test_what_keeps_its_promises_passes(results):
    """All but the value, which needs an oracle."""
    found = results(HALVING)
    assert {"loads", "builds", "finite", "pure", "value", "rates", "copies"} == set(outcomes(found))
    assert {"value": "it brings no oracle to compare with"} == {
        r.check: r.reason for r in found if r.outcome != "passed"
    }
    assert all(result.seconds >= 0.0 for result in found)


def test_an_oracle_is_asked(results):
    """And a wrong value named with its step."""
    source = HALVING + "def oracle(): return lambda step: 0.5 ** (step // 10)\ndef other(): return lambda step: 0.5\n"
    right = results(source, more=PLAIN + ', oracle="acme_code:oracle"')
    assert "passed" == outcomes(right)["value"]
    wrong = results(source, more=PLAIN + ', oracle="acme_code:other"', name="second")
    assert "factor(0) is 1 instead of 0.5" == next(r.reason for r in wrong if r.check == "value")
    none = results(source, more=PLAIN + ', oracle="acme_code:gone"', name="third")
    assert "its oracle acme_code:gone cannot be imported" in next(r.reason for r in none if r.check == "value")


VALUE = "0.5 ** (step // self.every)"
FIELD = "    every: int = 10\n"
METHOD = FIELD + "    def {}\n"
FAULTS = {
    "NaN at step 0": (VALUE, "0.0 * float('inf') if step == 0 else 1.0", "finite", "factor(0) is nan"),
    "below zero beyond the end": (VALUE, "1.0 - step / 1000", "finite", "factor(10000) is -9.0: the rate would go up"),
    "a rate of its own": ("return base * self", "return self", "rates", "lr(0, 0.001) is 1.0, not 0.001"),
    "not frozen": ("(frozen=True)", "", "pure", "it is not frozen: every can be set"),
    "counts its calls": (VALUE, "1.0 / next(calls)", "pure", "when asked in another order"),
    "equal to nothing": (FIELD, METHOD.format("__eq__(self, other): return self is other"), "pure", "not equal"),
    "no lr": ("def lr", "def rate", "builds", "its product, a Halving, has no lr()"),
    "no number": (VALUE, "str(step)", "builds", "factor(0) is a str, not a number"),
    "sys.exit": (FIELD, METHOD.format("__post_init__(self): raise SystemExit(3)"), "builds", "it called sys.exit(3)"),
    "an error": (FIELD, METHOD.format("__post_init__(self): raise OSError('no disk')"), "builds", "OSError: no disk"),
    "another copy": (FIELD, METHOD.format("__reduce__(self): return (Halving, (3,))"), "copies", "a deepcopy of it is"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_faults_are_named(results, fault):
    """With the check that finds them; what does not depend on it still runs, unless it could not even be made."""
    sound, broken, check, reason = FAULTS[fault]
    found = results("import itertools\ncalls = itertools.count(1)\n" + HALVING.replace(sound, broken))
    first = next(result for result in found if result.outcome == "failed")
    assert (check, True) == (first.check, reason in first.reason), first
    assert ("copies" in outcomes(found)) is (check != "builds")


def test_a_target_that_cannot_be_imported_fails(results):
    """It is the only result."""
    (only,) = results("raise RuntimeError('half done')")
    assert ("loads", "failed", True) == (only.check, only.outcome, "half done" in only.reason)


def test_a_requirement_that_is_not_there_is_a_fact_and_no_fault(results):
    """Skipped, with what is missing."""
    (only,) = results(HALVING, more=PLAIN + ', requires=("surely-not-there>=3",)')
    assert ("loads", "skipped") == (only.check, only.outcome)
    assert only.reason == "it requires surely-not-there>=3, which is not installed"


def test_without_an_example_it_is_said(results):
    """Nobody can guess arguments."""
    loads, only = results(HALVING, more="")
    assert ("passed", "skipped", "not exercisable: no example") == (loads.outcome, only.outcome, only.reason)


def test_a_waived_check_is_skipped_for_its_reason_and_must_fail(results):
    """A waiver that is no longer needed is a fault."""
    signed = HALVING.replace("0.5 ** (step // self.every)", "-1.0")
    waived = results(signed, more=PLAIN + ', waives={"finite": "goes up, by design"}')
    assert ("skipped", "goes up, by design") == next((r.outcome, r.reason) for r in waived if r.check == "finite")
    stale = results(HALVING, more=PLAIN + ', waives={"finite": "goes up"}', name="stale")
    assert "its spec waives this check, which passes: goes up" == next(r.reason for r in stale if r.check == "finite")


def test_it_works_in_a_folder_of_its_own_with_the_files_of_the_example(results):
    """And leaves the process where it was, what was printed swallowed."""
    source = HALVING.replace("every: int = 10", "every: int = 10\n    def __post_init__(self): look()") + (
        "def look():\n    from pathlib import Path\n    print('noise')\n"
        "    assert Path('data/a.csv').read_text() == 'x,y', sorted(Path().iterdir())\n    Path('left').touch()\n"
    )
    before = Path.cwd()
    example = ', example=Example(files={"data/a.csv": "x,y"})'
    assert "failed" not in outcomes(results(source, more=example)).values()
    assert before == Path.cwd()
    assert not Path("left").exists()


def test_what_a_component_prints_and_warns_of_is_swallowed(results, capfd):
    """Stdout belongs to the answer."""
    noisy = HALVING.replace("def factor(self, step):", "def factor(self, step):\n        noise()\n       ") + (
        "def noise():\n    import sys, warnings\n    print('noise'); print('noise', file=sys.stderr)\n"
        "    warnings.warn('noise')\n"
    )
    assert "failed" not in outcomes(results(noisy)).values()
    assert ("", "") == capfd.readouterr()


def test_further_checks_run_after_the_suite(results):
    """What they return or raise counts as a suite's own; those of another device do not run."""

    def refuses(subject):
        raise ValueError("not here")

    more = {
        "scheduler": [
            Check("sum", "Adds up.", lambda subject: Skip("it is Monday") if subject.make().every else None),
            Check("more", "Goes on.", refuses),
            Check("gpu", "On a GPU.", refuses, devices=("cuda",)),
        ]
    }
    found = results(HALVING, further=more)
    assert [("sum", "skipped", "it is Monday"), ("more", "failed", "ValueError: not here")] == [
        (result.check, result.outcome, result.reason) for result in found[-2:]
    ]


def test_ctrl_c_ends_the_run(results):
    """It is not the component's to swallow; what began last was told."""
    begun = []
    source = HALVING.replace("def lr(self, step, base): return", "def lr(self, step, base): raise KeyboardInterrupt;")
    with pytest.raises(KeyboardInterrupt):
        results(source, started=lambda component, check: begun.append((component.name, check)))
    assert ("halving", "rates") == begun[-1]


def test_a_result_says_who_what_and_why(results):
    """In a line."""
    found = results(HALVING.replace("0.5 **", "-0.5 **"))
    failed = next(result for result in found if result.outcome == "failed")
    assert "scheduler acme/halving, finite: failed: factor(0) is -1.0: the rate would go up the gradient" == str(failed)
