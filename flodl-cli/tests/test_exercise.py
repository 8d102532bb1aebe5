"""`flodl exercise`: what is chosen, what is said, and how it ends. With a stranger's schedules, which need no torch."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time

import pytest
from flodl_core.testing import environment

SCHEDULES = """
from dataclasses import dataclass

@dataclass(frozen=True)
class Halving:
    every: int = 10
    def factor(self, step): return 0.5 ** (step // self.every)
    def lr(self, step, base): return base * self.factor(step)

class Undefined(Halving):
    def factor(self, step): return float("nan") if step == 0 else 1.0

def Quits(): raise SystemExit(0)

def Hangs():
    import time
    open(HERE, "w").close()
    time.sleep(300)
"""


NO_TORCH = """
import sys

class NoTorch:
    @staticmethod
    def find_spec(name, *rest):
        if name == "torch":
            raise ImportError("there is no torch")

sys.meta_path.insert(0, NoTorch)
"""


@pytest.fixture
def schedules(install, here):
    """A plugin with schedules of all sorts."""

    def make(*names):
        specs = [
            f'SchedulerSpec(name="{name}", target="acme.schedules:{name.title()}", summary="S.", example=Example())'
            for name in names
        ]
        source = SCHEDULES.replace("HERE", repr(str(here / "hanging")))
        bare = 'SchedulerSpec(name="bare", target="acme.schedules:Halving", summary="S.")'
        files = {"acme/__init__.py": "", "acme/schedules.py": source}
        return install("acme", "flodl_schedulers", *specs, bare, files=files)

    return make


def test_one_component_is_shown_check_by_check(flodl, schedules):
    """Exit code 0, progress on stderr."""
    schedules("halving")
    done = flodl("exercise", "scheduler", "halving")
    rows = [line.split()[:2] for line in done.stdout.splitlines()]
    assert ["finite", "passed"] in rows
    assert ["value", "skipped"] in rows
    assert "1 component, 7 checks on cpu in" in done.stdout
    assert "[1/1] scheduler acme/halving: 6 passed, 1 skipped" in done.stderr.splitlines()
    assert 0 == done.returncode


def test_a_failure_is_named_with_its_check_and_how_to_see_it_alone(flodl, schedules):
    """Exit code 1; all others still run, and what cannot be exercised is said."""
    schedules("halving", "quits", "undefined")
    done = flodl("exercise", "--plugin", "acme")
    assert 1 == done.returncode
    assert "FAILED scheduler acme/quits, check 'builds': it called sys.exit(0)" in done.stdout
    failure = done.stdout.partition("FAILED scheduler acme/undefined, ")[2].splitlines()
    assert [
        "check 'finite': factor(0) is nan",
        "  at: acme.schedules:Undefined, of acme 1.0",
        "  alone: flodl exercise scheduler acme/undefined",
    ] == failure[:3]
    assert "  because: not exercisable: no example" in done.stdout
    assert "4 components" in done.stdout
    assert ["schedulers", "4", "loads", "4"] == done.stdout.splitlines()[1].split()[:4]


def test_json_holds_everything(flodl, schedules):
    """One object on stdout."""
    schedules("halving", "undefined")
    done = flodl("exercise", "--plugin", "acme", "--json")
    said = json.loads(done.stdout)
    assert ["schema", "device", "interrupted", "totals", "components"] == list(said)
    assert ("cpu", None, 3) == (said["device"], said["interrupted"], said["totals"]["components"])
    checks = [check for component in said["components"] for check in component["checks"]]
    assert len(checks) == said["totals"]["checks"] == sum(said["totals"][o] for o in ("passed", "failed", "skipped"))
    undefined = next(component for component in said["components"] if component["name"] == "undefined")
    finite = next(check for check in undefined["checks"] if check["check"] == "finite")
    assert (True, "failed", "factor(0) is nan") == (undefined["failed"], finite["outcome"], finite["reason"])
    assert 1 == done.returncode


@pytest.mark.parametrize(
    ("arguments", "error", "mend"),
    [
        (["schedulars"], "UnknownKind: no kind of component is called 'schedulars'", "did you mean 'schedulers'?"),
        (["scheduler", "havling"], "UnknownComponent: no scheduler is called 'havling'", "did you mean 'halving'"),
        (["havling"], "UnknownComponent: no kind or component fits 'havling'", "did you mean 'halving'"),
        (["schedulers", "x*"], "UsageError: there are no schedulers that fit 'x*'", "flodl list shows all"),
        (["--plugin", "acne"], "UsageError: no plugin belongs to a distribution 'acne'", "did you mean 'acme'"),
        (["halving", "--device", "gpu"], "UsageError: invalid value for '--device'", "flodl exercise --help"),
    ],
)
def test_a_slip_of_the_hand_ends_with_2(flodl, schedules, site, arguments, error, mend):
    """Before anything heavy is imported."""
    schedules("halving")
    done = flodl("exercise", *arguments)
    lines = done.stderr.splitlines()
    assert (2, "") == (done.returncode, done.stdout)
    assert lines[0].startswith(error), lines
    assert lines[2].startswith(f"  try: {mend}"), lines
    assert not (site / "torch_was_imported").exists()


def test_names_may_be_patterns(flodl, schedules):
    """Of a kind, or of all."""
    schedules("halving", "undefined")
    for arguments in (["schedulers", "h?lv*"], ["halv*"]):
        assert "1 component, 7 checks" in flodl("exercise", *arguments).stdout


def test_ctrl_c_ends_with_130_and_what_was_done_so_far(schedules, site, here):
    """The check that hung is named."""
    schedules("halving", "hangs")
    command = [sys.executable, "-W", "error", "-m", "flodl_cli", "exercise", "--plugin", "acme"]
    running = subprocess.Popen(
        command, cwd=here, env=environment(site), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not (here / "hanging").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert 130 == running.returncode
    assert "3 components, 10 checks on cpu in" in out
    assert "8 passed, 2 skipped" in out
    assert "stopped in scheduler acme/hangs, check 'builds', 0 components were still to come" in err


def test_a_terminal_gets_a_bar(schedules, site, here):
    """Which is gone when all is done; the table stays."""
    schedules("halving")
    parent, child = pty.openpty()
    env = {**environment(site, COLUMNS="100"), "TERM": "xterm"}
    command = [sys.executable, "-W", "error", "-m", "flodl_cli", "exercise", "--plugin", "acme"]
    done = subprocess.run(command, cwd=here, env=env, stdout=subprocess.PIPE, stderr=child, text=True, timeout=60)
    os.close(child)
    drawn = os.read(parent, 100_000).decode()
    os.close(parent)
    assert 0 == done.returncode
    assert "2/2" in drawn
    assert "[1/2]" not in drawn
    assert "2 components" in done.stdout


def test_without_torch_it_is_said(flodl, install, site):
    """For what needs it."""
    install("acme", "flodl_losses", 'LossSpec(name="l", target="acme:L", summary="S.", example=Example())')
    (site / "torch.py").unlink()
    (site / "sitecustomize.py").write_text(NO_TORCH)
    done = flodl("exercise", "loss", "l")
    assert (1, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith("MissingDistribution: torch is not installed: without it only schedules")
