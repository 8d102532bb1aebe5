"""A registry in a running program: sessions, refreshes, threads, one scan."""

from __future__ import annotations

import importlib
import subprocess
import sys
import threading
import types
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata

import pytest
from flodl_core import AmbiguousComponent, LossSpec, UnknownComponent, hookimpl
from flodl_core.testing import environment, plugin_source

FOCAL = plugin_source("flodl_losses", 'LossSpec(name="focal", target="acme:Focal", summary="S.")')


def _session(name="mine", target="here:Mine"):
    @hookimpl
    def flodl_losses():
        yield LossSpec(name=name, target=target, summary="Of this session.")

    return types.SimpleNamespace(flodl_losses=flodl_losses)


class SessionPlugin:
    """As people write one in a notebook."""

    @hookimpl
    def flodl_losses(self):
        yield LossSpec(name="mine", target="here:Mine", summary="Of this session.")


def test_one_scan_per_process(install, registry, monkeypatch):
    """G2: however much is asked, the metadata is read once."""
    calls = []
    scan = metadata.entry_points
    monkeypatch.setattr(metadata, "entry_points", lambda **kwargs: calls.append(kwargs) or scan(**kwargs))
    install("acme", FOCAL)
    registry.find("loss", "focal"), registry.list(), registry.plugins(), registry.problems()
    with pytest.raises(UnknownComponent):
        registry.find("module", "nothing")
    assert [{"group": "flodl"}] == calls


def test_nothing_is_read_before_the_first_question(install, registry, monkeypatch):
    """G2: importing flodl and naming kinds scans nothing."""
    monkeypatch.setattr(metadata, "entry_points", None)
    assert 12 == len(registry.kinds)
    assert () == registry.problems()


def test_a_session_s_plugin(registry):
    """Its components are found under `session`, and listed."""
    registry.register(SessionPlugin())
    assert "loss:session/mine" == registry.find("loss", "mine").id
    assert ["session/mine"] == [loss.qualified for loss in registry.list("loss")]
    assert "SessionPlugin" == registry.plugins()[-1].value


def test_a_session_s_plugin_after_the_first_question(install, registry):
    """It counts at once."""
    install("acme", FOCAL)
    registry.list()
    registry.register(SessionPlugin())
    assert "session/mine" == registry.find("loss", "mine").qualified


def test_a_cell_that_runs_again(registry):
    """The newer plugin of one name replaces the older; another name is another plugin."""
    for target in ("here:First", "here:Second"):
        registry.register(_session(target=target))
        assert target == registry.find("loss", "mine").spec.target
    registry.register(_session("other"), "second")
    assert ["mine", "other"] == [loss.name for loss in registry.list("loss")]
    assert 1 == len([report for report in registry.plugins() if report.entry_point == "session"])


def test_a_session_never_wins_silently(install, registry):
    """Of a built-in name the built-in one is meant; of a plugin's, neither."""
    install("flodl-nn", FOCAL)
    install("acme", FOCAL.replace("focal", "huber"))
    registry.register(_session("focal"), "one")
    registry.register(_session("huber"), "two")
    assert "flodl-nn/focal" == registry.find("loss", "focal").qualified
    with pytest.raises(AmbiguousComponent, match="'acme/huber' or 'session/huber'"):
        registry.find("loss", "huber")


def test_a_distribution_called_session(install, registry):
    """It is a plugin like others, and not loaded because a session has one."""
    install("session", FOCAL)
    registry.register(_session("mine"))
    assert ["focal", "mine"] == [loss.name for loss in registry.list("loss")]
    registry.register(_session("mine"))
    assert ["focal", "mine"] == [loss.name for loss in registry.list("loss")]


def test_an_object_that_is_no_plugin(registry, capsys):
    """It is told like any faulty plugin, and once, though its cell runs again."""
    for _ in range(2):
        registry.register(object(), "odd")
        registry.list()
    [line] = capsys.readouterr().err.splitlines()
    assert "plugin session (entry point 'odd' -> object): it implements no hook" in line


def test_refresh_sees_what_was_installed_and_removed(install, registry):
    """As after `pip install` in a notebook; a session's plugins stay."""
    registry.register(SessionPlugin())
    assert ["mine"] == [loss.name for loss in registry.list("loss")]
    acme = install("acme", FOCAL)
    assert ["mine"] == [loss.name for loss in registry.list("loss")]
    registry.refresh()
    assert ["focal", "mine"] == [loss.name for loss in registry.list("loss")]
    acme.uninstall()
    registry.refresh()
    assert ["mine"] == [loss.name for loss in registry.list("loss")]


def test_refresh_reads_the_policy_again(install, registry, monkeypatch):
    """What was disabled may be allowed now."""
    install("acme", FOCAL)
    monkeypatch.setenv("FLODL_PLUGINS", "")
    assert () == registry.list("loss")
    monkeypatch.delenv("FLODL_PLUGINS")
    registry.refresh()
    assert 1 == len(registry.list("loss"))


def test_many_threads_ask_at_once(install, registry, tmp_path):
    """Each plugin is imported once, and every thread gets the same answer."""
    count = "from pathlib import Path\nwith open(Path(__file__).with_suffix('.count'), 'a') as f: f.write('x')\n"
    for number in range(8):
        install(f"acme{number}", count + FOCAL.replace("focal", f"focal{number}"))
    together = threading.Barrier(16)

    def ask(number):
        together.wait()
        found = registry.find("loss", f"focal{number % 8}").id
        return found.replace(str(number % 8), "#"), len(registry.list()), len(registry.plugins())

    with ThreadPoolExecutor(16) as pool:
        assert {("loss:acme#/focal#", 8)} == {answer[:2] for answer in pool.map(ask, range(16))}
    assert ["x"] * 8 == [path.read_text() for path in tmp_path.glob("*.count")]


def test_threads_that_import_targets_leave_stdout_alone(install, registry):
    """Redirections that overlap are undone when the last one ends."""
    specs = [f'OpSpec(name="op{n}", target="acme_op{n}:f", summary="S.")' for n in range(8)]
    files = {
        f"acme_op{n}.py": "import time; time.sleep(0.01 * hash(__name__) % 0.03)\ndef f(): ...\n" for n in range(8)
    }
    install("acme", plugin_source("flodl_ops", *specs), files=files)
    before = sys.stdout
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: registry.find("op", f"op{n}").load(), range(8)))
    assert before is sys.stdout


def test_times_and_heavy_imports_are_kept(install, tmp_path, empty):
    """G4: doctor can say who is slow, and who pulled in what, naming the distribution."""
    install("acme", "import numpy, time\ntime.sleep(0.02)\n" + FOCAL, files={"numpy.py": ""})
    install("bolt", "import numpy\n" + FOCAL.replace("focal", "huber"))
    ask = """
from flodl_core import components
components.list()
for r in components.plugins():
    print(r.distribution, r.heavy, r.seconds > 0.02)
"""
    run = subprocess.run(
        [sys.executable, "-c", ask], env=environment(tmp_path, empty), capture_output=True, text=True, check=True
    )
    assert ["acme ('numpy',) True", "bolt () False"] == run.stdout.splitlines()


def test_a_built_in_class_knows_its_name(install, registry):
    """`torch.nn.GELU` in a flow is drawn as gelu; an answer of none is not kept, since more may be imported."""
    source = plugin_source("flodl_ops", 'OpSpec(name="one", target="nn_late:One", summary="S.")')
    install("flodl-nn", source, files={"nn_one.py": "class One: pass\n", "nn_late.py": "from nn_one import One\n"})
    module = "nn_one"  # of the distribution just made
    made, namesake = importlib.import_module(module).One, type("One", (), {})
    assert registry.builtin_class("op", made) is None
    assert made is registry.find("op", "one").load()
    assert "one" == registry.builtin_class("op", made).name
    assert registry.builtin_class("op", namesake) is None
