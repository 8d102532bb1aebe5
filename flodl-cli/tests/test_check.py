"""`flodl check`: each fault that it is there for is found, in distributions that are installed and in folders."""

from __future__ import annotations

import json
import re

import pytest
from flodl_core.testing import fake_distribution, plugin_source

HALVING = '''
"""Schedules."""
from dataclasses import dataclass

@dataclass(frozen=True)
class Halving:
    """Half of it, every so often. Source: everybody."""
    every: int = 10
    def factor(self, step): return 0.5 ** (step // self.every)
    def lr(self, step, base): return base * self.factor(step)

@dataclass(frozen=True)
class Climbing(Halving):
    """Up, which no rate should go."""
    def factor(self, step): return -1.0

class Bare(Halving):
    pass
'''
SPEC = 'SchedulerSpec(name="{}", target="{}", summary="S."{})'
EXAMPLE = ", example=Example()"
README = "# acme-rates\n\nLearning rates that halve, and what one does with them.\n"
METADATA = """Metadata-Version: 2.4
Name: acme-rates
Version: 0.3
Summary: Learning rates.
Requires-Python: >=3.10
License-Expression: MIT
Requires-Dist: flodl-core<1,>=0.1

"""


@pytest.fixture
def acme(site):
    """Install acme-rates: `acme(*specs, metadata=..., typed=True, before="")`; by default nothing is wrong with it."""

    def make(*specs, metadata=METADATA + README, typed=True, before=""):
        specs = specs or (SPEC.format("halving", "acme_rates.code:Halving", EXAMPLE),)
        files = {
            "acme_rates/__init__.py": "",
            "acme_rates/code.py": HALVING,
            "acme_rates/plugin.py": plugin_source("flodl_schedulers", *specs, before=before),
            **({"acme_rates/py.typed": ""} if typed else {}),
        }
        points = {"acme": "acme_rates.plugin"}
        return fake_distribution(site, "acme-rates", "0.3", entry_points=points, files=files, metadata=metadata)

    return make


@pytest.fixture
def check(flodl):
    """Run the command; the exit code, and what is no `ok`, by name."""

    def run(*arguments):
        done = flodl("check", *(arguments or ("acme-rates",)), "--json")
        assert done.stdout, done.stderr
        data = json.loads(done.stdout)
        return done.returncode, {(f["name"], f["state"]): f for f in data["findings"] if f["state"] != "ok"}, data

    return run


def test_what_is_sound_passes(flodl, acme):
    """Each thing that was looked at has its line, with numbers of checks; exit code 0."""
    acme()
    done = flodl("check", "acme-rates")
    assert 0 == done.returncode, done.stdout + done.stderr
    table = [line.split(None, 2) for line in done.stdout.partition("\n\n")[0].splitlines()[1:]]
    looked_at = {name: said for name, state, said in table if state == "ok"}
    assert ["packaging", "listing", "names", "targets", "documentation", "contract"] == list(looked_at)
    assert re.fullmatch(r"acme = acme_rates.plugin: [\d.]+ ms, \d modules, nothing heavy", looked_at["listing"])
    assert "scheduler (1, 6 checks published): 6 run, 0 failed, 0 expected to fail, 1 skipped" in done.stdout
    assert "\nskipped scheduler value: halving\n  because: it brings no oracle to compare with\n" in done.stdout
    assert done.stdout.endswith("\nacme-rates 0.3 passes\n")


@pytest.mark.parametrize(
    ("changed", "said", "mend"),
    [
        ({"metadata": METADATA}, "there is no README", 'readme = "README.md"'),
        ({"typed": False}, "package acme_rates has no py.typed", "an empty file acme_rates/py.typed"),
        (
            {"metadata": METADATA.replace("Requires-Dist: flodl-core<1,>=0.1\n", "") + README},
            "it does not require flodl-core",
            'dependencies = ["flodl-core>=',
        ),
        (
            {"metadata": METADATA.replace("flodl-core<1,>=0.1", "flodl-core>=0.1") + README},
            "it requires 'flodl-core>=0.1': from which version on, and up to which, is not said",
            'dependencies = ["flodl-core>=',
        ),
        (
            {"metadata": METADATA.replace("Requires-Python: >=3.10\n", "") + README},
            "its metadata has no Requires-Python",
            "requires-python = ...",
        ),
        ({"before": "import numpy"}, "pulls in numpy when it is only listed", "import that where"),
        ({"before": "raise RuntimeError('no licence')"}, "has failed: RuntimeError: no licence", "what it names must"),
    ],
)
def test_what_is_wrong_with_the_distribution(acme, check, site, changed, said, mend):
    """One problem, its mend, exit code 1."""
    (site / "numpy.py").write_text("")
    acme(**changed)
    code, found, data = check("acme-rates", "--quick")
    problems = [finding for (_, state), finding in found.items() if state == "problem"]
    assert (1, False) == (code, data["passed"])
    assert any(said in finding["said"] and finding["mend"].startswith(mend) for finding in problems), problems


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (SPEC.format("cosine", "acme_rates.code:Halving", EXAMPLE), None),
        (SPEC.format("halving", "json:loads", EXAMPLE), "json:loads is Python's own code, not acme-rates's"),
        (SPEC.format("halving", "acme_rates.code:Halving", ""), "no example, so nobody can try it"),
        (SPEC.format("bare", "acme_rates.code:Bare", EXAMPLE), "no docstring: scheduler bare"),
        (SPEC.format("gone", "acme_rates.code:Gone", EXAMPLE), "has no attribute 'Gone'"),
        (SPEC.format("up", "acme_rates.code:Climbing", EXAMPLE), "scheduler up, finite: factor(0) is -1.0"),
        (
            SPEC.format("halving", "acme_rates.code:Halving", EXAMPLE + ', waives={"finite": "it climbs"}'),
            "scheduler halving, finite: its spec waives this check, which passes: it climbs",
        ),
    ],
)
def test_what_is_wrong_with_a_component(acme, check, spec, said):
    """Found, by the name of what was looked at; exit code 1."""
    if said is None:
        pytest.importorskip("flodl_nn")
        said = "flodl-nn has cosine too, and the built-in one is meant"
    acme(spec)
    code, found, _ = check()
    assert 1 == code
    assert any(said in finding["said"] for finding in found.values()), found


def test_what_is_expected_to_fail_is_shown_with_its_reason(flodl, acme):
    """And is no problem: it really fails."""
    acme(SPEC.format("up", "acme_rates.code:Climbing", EXAMPLE + ', waives={"finite": "it climbs, by design"}'))
    done = flodl("check", "acme-rates")
    assert 0 == done.returncode, done.stdout
    assert "5 run, 0 failed, 1 expected to fail, 1 skipped" in done.stdout
    assert "\nexpected to fail scheduler finite: up\n  because: it climbs, by design\n" in done.stdout


def test_what_was_not_asked_is_a_problem_of_the_contract(acme, check):
    """Each check that was due is named: nothing failed, and nothing is proved."""
    acme(SPEC.format("halving", "acme_rates.code:Halving", ""))
    code, found, _ = check()
    said = "scheduler halving: not run: builds, finite, pure, value, rates, copies (not exercisable: no example)"
    assert (1, said) == (code, found["contract", "problem"]["said"])


@pytest.mark.parametrize(
    ("more", "state", "said"),
    [
        ('requires=("no such thing",)', "problem", "it requires no such thing, which cannot be checked"),
        ("requires_api=99", "problem", "it asks for flodl's API 99, this is 1"),
        ('requires=("nonesuch>=3",)', "note", "it requires nonesuch>=3, which is not installed"),
    ],
)
def test_what_cannot_be_used_here_is_told(acme, check, more, state, said):
    """Nothing of it was tried, which is no silent success; what may be installed elsewhere is a note."""
    acme(SPEC.format("halving", "acme_rates.code:Halving", f"{EXAMPLE}, {more}"))
    code, found, _ = check("acme-rates", "--quick")
    assert ("problem" == state) == bool(code)
    assert said in found["targets", state]["said"]


def test_a_slow_plugin_is_a_note(acme, check):
    """Everybody who lists components waits for it."""
    acme(before="import time; time.sleep(1.1)")
    code, found, _ = check("acme-rates", "--quick")
    assert (0, "listing") == (code, found["listing", "note"]["name"])
    assert "s, whenever anybody lists components" in found["listing", "note"]["said"]


def test_the_remedy_installs_a_folder_first(flodl, sources):
    """`flodl exercise` finds only what is installed."""
    (sources / "src" / "acme_things" / "census.py").write_text("")
    assert "try: pip install -e ./acme-things; flodl exercise " in flodl("check", "./acme-things").stdout


def test_another_plugins_name_is_a_note(acme, check, install):
    """It is nobody's fault, and hides both where both are installed."""
    acme()
    install("bolt", "flodl_schedulers", 'SchedulerSpec(name="halving", target="bolt:f", summary="S.")')
    code, found, _ = check("acme-rates", "--quick")
    assert (0, "scheduler 'halving': bolt has halving too") == (code, found["names", "note"]["said"])
    assert "where both are installed, write 'acme-rates/halving'" == found["names", "note"]["mend"]


def test_json_holds_everything(acme, check):
    """What was found, what listing costs, every check with the published numbers."""
    acme()
    code, _, data = check()
    assert ["schema", "distribution", "version", "passed", "findings", "listings", "contract"] == list(data)
    assert (0, "acme-rates", "0.3", True) == (code, data["distribution"], data["version"], data["passed"])
    (listing,) = data["listings"]
    assert ("loaded", []) == (listing["state"], listing["heavy"])
    assert listing["milliseconds"] > 0
    assert {"scheduler": 6} == data["contract"]["published"]
    assert 7 == len(data["contract"]["components"][0]["checks"])


@pytest.fixture
def sources(flodl, here):
    """The folder of a new plugin, with a command, that nothing has installed."""
    done = flodl("new", "plugin", "acme-things", "--kind", "command")
    assert 0 == done.returncode, done.stderr
    return here / "acme-things"


def test_a_folder_is_checked_without_installing(flodl, sources, here):
    """From anywhere, and nothing stays behind."""
    before = sorted(path for path in here.rglob("*") if "__pycache__" not in path.parts)
    done = flodl("check", "./acme-things")
    assert 0 == done.returncode, done.stdout + done.stderr
    assert done.stdout.endswith("acme-things 0.1.0 passes\n")
    assert before == sorted(path for path in here.rglob("*") if "__pycache__" not in path.parts)
    assert "no plugin's distribution" not in flodl("check", "acme-things").stderr  # a folder of that name is here
    assert "acme-things" not in flodl("plugins").stdout


def test_a_folder_wins_over_what_is_installed(sources, check, site):
    """The sources are what is changed, not the version that was installed before."""
    files = {"acme_things/__init__.py": "", "acme_things/plugin.py": plugin_source("flodl_ops")}
    fake_distribution(site, "acme-things", "0.0.1", entry_points={"acme_things": "acme_things.plugin"}, files=files)
    code, _, data = check("./acme-things")
    assert (0, "0.1.0") == (code, data["version"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: None, "there is no acme-things/pyproject.toml"),
        (lambda text: text.replace("[project]", "[project"), "pyproject.toml cannot be read: "),
        (lambda text: text.replace('name = "acme-things"', ""), "it names no distribution"),
        (lambda text: text.replace("entry-points.flodl", "entry-points.other"), "so it is no plugin"),
        (
            lambda text: text.replace("[project.entry-points.flodl]", "[tool.x]").replace(
                'license = "MIT"', 'dynamic = ["entry-points"]'
            ),
            "its entry-points are made when it is built",
        ),
    ],
)
def test_a_folder_that_is_no_plugin_is_told(flodl, sources, change, said):
    """In three lines; exit code 2."""
    file = sources / "pyproject.toml"
    text = change(file.read_text())
    file.unlink() if text is None else file.write_text(text)
    done = flodl("check", "./acme-things")
    assert (2, "") == (done.returncode, done.stdout)
    assert said in done.stderr


@pytest.mark.parametrize(
    ("target", "said", "mend"),
    [
        ("acme-rate", "'acme-rate' is no plugin's distribution, and no folder", "did you mean 'acme-rates'"),
        ("./nowhere", "there is no folder nowhere", "the folder of a distribution, or the name of one"),
    ],
)
def test_what_is_not_there_is_told(flodl, acme, target, said, mend):
    """In three lines, with what is near; exit code 2."""
    acme()
    done = flodl("check", target)
    assert (2, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith(f"UsageError: {said}\n  at: flodl check\n  try: {mend}")


def test_a_disabled_plugin_cannot_be_checked(flodl, acme):
    """The variable is named."""
    acme()
    done = flodl("check", "acme-rates", FLODL_DISABLE_PLUGINS="acme-rates")
    assert 2 == done.returncode
    assert "is disabled: FLODL_DISABLE_PLUGINS names it" in done.stderr
