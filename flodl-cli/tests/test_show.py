"""`flodl show`: declaration, origin, place, parameters; with torch or without."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from flodl_core.testing import environment


def test_show_without_parameters_imports_nothing(flodl, acme, site):
    """`--no-params` tells file and line although the package cannot be imported."""
    done = flodl("show", "module", "acme_glu", "--no-params")
    assert 0 == done.returncode
    assert "acme-layers 0.3 (entry point acme-layers)" in done.stdout
    assert "acme/layers.py:1" in done.stdout
    assert "ref('acme_glu', 8)" in done.stdout
    assert not (site / "torch_was_imported").exists()


def test_absent_torch_is_said_politely(flodl, acme):
    """Where the target cannot be imported, everything else is shown, and why."""
    done = flodl("show", "module", "acme_glu")
    assert (0, "") == (done.returncode, done.stderr)
    assert "parameters: not available, module 'acme_glu' cannot be loaded: ImportError: trap" in done.stdout


def test_parameters_have_types_and_defaults(flodl, install):
    """Parameters are those of the signature."""
    source = "def focal(gamma: float = 2.0, *, reduction: str = 'mean', **more): ...\n"
    install(
        "acme-losses",
        "flodl_losses",
        'LossSpec(name="acme_focal", target="focal_loss:focal", summary="Hard examples first.")',
        files={"focal_loss.py": source},
    )
    payload = json.loads(flodl("show", "losses", "acme_focal", "--json").stdout)
    assert [("gamma", "float", "2.0"), ("reduction", "str", "'mean'"), ("**more", None, None)] == [
        (parameter["name"], parameter["type"], parameter["default"]) for parameter in payload["parameters"]
    ]
    assert payload["file"].endswith("focal_loss.py")
    assert 1 == payload["line"]
    text = flodl("show", "acme_focal").stdout
    assert "reduction  'mean'   str" in text


def test_json_says_why_parameters_are_missing(flodl, acme):
    """`parameters` is null and the reason beside it."""
    payload = json.loads(flodl("show", "module", "acme_glu", "--json").stdout)
    assert payload["parameters"] is None
    assert "trap" in payload["parameters_problem"]
    assert "schema" == next(iter(payload))


@pytest.mark.parametrize("name", ["FeedForwardOfAcme", "acme-layers/acme_glu", "module:acme-layers/acme_glu"])
def test_alias_and_full_name_are_understood(flodl, acme, name):
    """A name may be an alias or a full name, and the kind may be left out."""
    assert flodl("show", name, "--no-params").stdout.startswith("module acme_glu: ")


def test_name_of_two_kinds_asks_which(flodl, install):
    """Without a kind, a name of two kinds is a question."""
    install(
        "both",
        "flodl_sinks",
        'SinkSpec(name="twin", target="a:b", summary="One.")',
        before='@hookimpl\ndef flodl_losses():\n    yield LossSpec(name="twin", target="a:b", summary="Two.")',
    )
    done = flodl("show", "twin")
    assert 2 == done.returncode
    assert "flodl show loss twin or flodl show sink twin" in done.stderr


def test_an_op_steps_back(flodl, install):
    """An op of another component's name is asked for as `op:twin`, as in a flow."""
    install(
        "both",
        "flodl_ops",
        'OpSpec(name="twin", target="a:b", summary="One.")',
        before='@hookimpl\ndef flodl_losses():\n    yield LossSpec(name="twin", target="a:b", summary="Two.")',
    )
    assert "loss twin: Two." in flodl("show", "twin", "--no-params").stdout
    assert "op twin: One." in flodl("show", "op:twin", "--no-params").stdout


def test_unknown_name_suggests(flodl, acme):
    """A mistyped name is an error of three lines."""
    done = flodl("show", "module", "acme_gla")
    assert 2 == done.returncode
    what, where, mend = done.stderr.splitlines()
    assert "UnknownComponent: no module is called 'acme_gla'" == what
    assert "  at: flodl show" == where
    assert mend.startswith("  try: did you mean 'acme_glu'?")  # alone, it also says what to install


def test_kind_alone_says_how_to_list(flodl):
    """`flodl show modules` is answered with the command that was meant."""
    assert "flodl list modules shows them" in flodl("show", "modules").stderr


def test_unmet_requirement_is_shown(flodl, install):
    """What a component lacks is shown without importing it."""
    install("needy", "flodl_ops", 'OpSpec(name="needy", target="a:b", summary="N.", requires=("unheard-of>=2",))')
    assert "it requires unheard-of>=2, which is not installed" in flodl("show", "op", "needy", "--no-params").stdout


SCHEDULE = """
class Falling:
    def __init__(self, steps: int, floor: "int | None" = None):
        self.steps = steps

    def factor(self, step):
        return max(1 - step / self.steps, 0)

    def __repr__(self):
        return f"falling({self.steps})"


def mute(steps):
    raise RuntimeError("out of order")
"""
SPEC = 'SchedulerSpec(name="{0}", target="falls:{1}", summary="Falls.", example=Example(args=(100,)))'


def test_a_schedule_draws_its_curve(flodl, install):
    """From the first step to a little past its end; in ASCII where the terminal knows no more."""
    install("falls", "flodl_schedulers", SPEC.format("falling", "Falling"), files={"falls.py": SCHEDULE})
    text = flodl("show", "scheduler", "falling", PYTHONIOENCODING="utf-8").stdout
    assert "factor on the rate, steps 0 to 120 of falling(100)" in text
    assert "\n   1 |\u2809" in text
    plain = flodl("show", "scheduler", "falling", PYTHONIOENCODING="ascii", PYTHONUTF8="0").stdout
    assert "\n   1 |###" in plain
    assert plain.rstrip().endswith("120")
    assert "curve" not in flodl("show", "scheduler", "falling", "--no-params").stdout


def test_a_schedule_that_fails_costs_its_curve_alone(flodl, install):
    """Everything else is shown, and why the curve is not."""
    install("mute", "flodl_schedulers", SPEC.format("mute", "mute"), files={"falls.py": SCHEDULE})
    done = flodl("show", "scheduler", "mute")
    assert (0, "") == (done.returncode, done.stderr)
    assert "curve: not available" in done.stdout
    assert "out of order" in done.stdout


def test_types_are_written_as_people_write_them(flodl, install):
    """`int | None`, whatever the source said."""
    source = "import typing\ndef one(x: typing.Optional[int] = None): ...\n"
    install("one", "flodl_ops", 'OpSpec(name="one", target="one_op:one", summary="1.")', files={"one_op.py": source})
    assert "x          None     int | None" in flodl("show", "op", "one").stdout


def test_an_op_shows_how_it_stands_in_a_flow(flodl, install):
    """Its example is a word of the builder, and whether gradients flow is said."""
    spec = 'OpSpec(name="one", target="a:b", summary="1.", differentiable=False, example=Example(kwargs={"dim": 1}))'
    install("one", "flodl_ops", spec)
    text = flodl("show", "op", "one", "--no-params").stdout
    assert "example    through('op:one', dim=1)" in text
    assert "gradients  not through all of it" in text


def test_a_warning_is_one_line(acme, site, here):
    """A deprecated name is told in a line, without the code that asked for it."""
    command = [sys.executable, "-m", "flodl_cli", "show", "module", "old", "--no-params"]
    done = subprocess.run(command, cwd=here, env=environment(site), capture_output=True, text=True, timeout=60)
    said = [line for line in done.stderr.splitlines() if "old" in line]
    assert (0, ["FutureWarning: module 'old' is deprecated: use acme_glu"]) == (done.returncode, said)
