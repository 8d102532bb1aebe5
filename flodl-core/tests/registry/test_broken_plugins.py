"""G5: whatever one plugin does wrong, the others are listed, and one line on stderr says what it was."""

from __future__ import annotations

import pytest
from flodl_core.testing import plugin_source

GOOD = plugin_source("flodl_losses", 'LossSpec(name="good", target="good:Good", summary="Works.")')
FOCAL = 'LossSpec(name="focal", target="acme:Focal", summary="Focal loss.")'

FAILED = {
    "ImportError": ("import no_such_module_at_all", "ModuleNotFoundError: No module named 'no_such_module_at_all'"),
    "SyntaxError": ("def f(:", "SyntaxError: invalid syntax (acme_bad_plugin.py, line 1)"),
    "SystemExit": ("raise SystemExit('bye')", "SystemExit: bye"),
    "SystemExit in a quiet way": ("import sys; sys.exit()", "SystemExit"),
    "an exception that is no Exception": (
        "class PanicException(BaseException): pass\nraise PanicException('panicked at src/lib.rs:1')",
        "PanicException: panicked at src/lib.rs:1",
    ),
    "RecursionError": ("def f(): f()\nf()", "RecursionError: maximum recursion depth exceeded"),
    "MemoryError": ("raise MemoryError", "MemoryError"),
    "an error whose message raises": (
        "class E(Exception):\n    def __str__(self): raise ValueError\nraise E",
        "E: its message cannot be shown",
    ),
    "a message of many lines": (r"raise RuntimeError('one\n\n  two\r\n\tthree')", "RuntimeError: one two three"),
    "a message that is not ASCII": ("raise RuntimeError('größer als ∞')", "RuntimeError: größer als ∞"),
    "a message that would move the cursor": (r"raise RuntimeError('\x1b[2Kgone')", r"RuntimeError: \x1b[2Kgone"),
    "a message with a lone surrogate": (r"raise RuntimeError('\udcff')", r"RuntimeError: \udcff"),
    "a wrong hook signature": (
        "from flodl_core import hookimpl\n@hookimpl\ndef flodl_losses(manager): return []",
        "PluginError: Argument(s) {'manager'} are declared in the hookimpl but can not be found in the hookspec",
    ),
}

FAULTY = {
    "an unknown hook": (
        "from flodl_core import hookimpl\n@hookimpl\ndef flodl_loses(): return []",
        "unknown hook 'flodl_loses', did you mean 'flodl_losses'?",
    ),
    "a hook of a later version": (
        "from flodl_core import hookimpl\n@hookimpl\ndef tomorrow(): return []",
        "unknown hook 'tomorrow', which a newer flodl-core may know",
    ),
    "a hook that raises": (
        "from flodl_core import hookimpl\n@hookimpl\ndef flodl_losses(): 1 / 0",
        "flodl_losses raised ZeroDivisionError: division by zero",
    ),
    "a hook that exits": (
        "from flodl_core import hookimpl\n@hookimpl\ndef flodl_losses(): raise SystemExit(3)",
        "flodl_losses raised SystemExit: 3",
    ),
    "a hook that recurses": (
        "from flodl_core import hookimpl\n@hookimpl\ndef flodl_losses(): return flodl_losses()",
        "flodl_losses raised RecursionError: maximum recursion depth exceeded",
    ),
    "None": (
        "from flodl_core import hookimpl\n@hookimpl\ndef flodl_losses(): pass",
        "flodl_losses returned None, not an iterable of specs",
    ),
    "one bare spec": (
        f"from flodl_core import *\n@hookimpl\ndef flodl_losses(): return {FOCAL}",
        "flodl_losses returned a LossSpec, not an iterable of specs",
    ),
    "a string": (
        "from flodl_core import hookimpl\n@hookimpl\ndef flodl_losses(): return 'focal'",
        "flodl_losses returned a str, not an iterable of specs",
    ),
    "a coroutine": (
        "from flodl_core import hookimpl\n@hookimpl\nasync def flodl_losses(): return []",
        "flodl_losses returned a coroutine, not an iterable of specs",
    ),
    "garbage": (plugin_source("flodl_losses", "42"), "flodl_losses yielded an int, due is LossSpec"),
    "a class instead of a spec": (
        plugin_source("flodl_losses", "LossSpec"),
        "flodl_losses yielded the class LossSpec, due is LossSpec",
    ),
    "a spec of another kind": (
        plugin_source("flodl_losses", 'OpSpec(name="x", target="a:b", summary="X.")'),
        "flodl_losses yielded an OpSpec, due is LossSpec",
    ),
    "a subclass of a spec": (
        plugin_source("flodl_losses", FOCAL.replace("LossSpec", "Mine"), before="class Mine(LossSpec): pass"),
        "flodl_losses yielded a Mine, due is LossSpec",
    ),
    "a spec that does not validate": (
        plugin_source("flodl_losses", 'LossSpec(name="Focal", target="a:b", summary="X.")'),
        "flodl_losses raised ComponentError: LossSpec.name is lower case letters, digits and _, "
        "a letter first, got 'Focal'",
    ),
    "a generator that never ends": (
        f"from flodl_core import *\n@hookimpl\ndef flodl_losses():\n    while True: yield {FOCAL}",
        "flodl_losses yields more than 10000 specs",
    ),
    "a hook without its mark": ("def flodl_losses(): return []", "flodl_losses is not marked @hookimpl"),
    "no hook": ("x = 1", "it implements no hook"),
}


def _listed(registry):
    return {component.name for component in registry.list("loss")}


def _report(registry):
    return next(report for report in registry.plugins() if report.distribution == "acme-bad")


@pytest.mark.parametrize(("source", "reason"), FAILED.values(), ids=FAILED)
def test_a_plugin_that_cannot_load(source, reason, install, registry, capfd):
    """It is one line on stderr, with all that is needed to mend it; the others are there."""
    install("good", GOOD)
    install("acme-bad", source, "0.3.1", entry_point="bad")
    assert {"good"} == _listed(registry)
    assert "failed" == _report(registry).state
    assert reason in _report(registry).reason
    out, err = capfd.readouterr()
    assert "" == out
    [line] = err.splitlines()
    assert line.startswith(f"plugin acme-bad 0.3.1 (entry point 'bad' -> acme_bad_plugin): {reason}")
    assert line.endswith("; disable: FLODL_DISABLE_PLUGINS=acme-bad")


@pytest.mark.parametrize(("source", "reason"), FAULTY.values(), ids=FAULTY)
def test_a_plugin_that_loads_and_is_wrong(source, reason, install, registry, capfd):
    """What it does right would count; what it does wrong is one line on stderr."""
    install("good", GOOD)
    install("acme-bad", source, "0.3.1", entry_point="bad")
    assert {"good"} == _listed(registry)
    assert ("faulty", True) == (_report(registry).state, _report(registry).reason.startswith(reason))
    [line] = capfd.readouterr().err.splitlines()
    assert line.startswith(f"plugin acme-bad 0.3.1 (entry point 'bad' -> acme_bad_plugin): {reason}")
    assert line.endswith("; disable: FLODL_DISABLE_PLUGINS=acme-bad")


@pytest.mark.parametrize("source", ["raise KeyboardInterrupt", plugin_source("flodl_losses", "__import__('bad_deep')")])
def test_ctrl_c_passes_through(source, install, registry):
    """A person who interrupts means the program; the plugin may load when asked again."""
    install("acme-bad", source, files={"bad_deep.py": "raise KeyboardInterrupt"})
    with pytest.raises(KeyboardInterrupt):
        registry.list()
    assert "waiting" == _report(registry).state


def test_a_generator_that_raises_at_the_second_item(install, registry, capfd):
    """Nothing of that hook counts; the plugin's other hooks do."""
    later = '\n@hookimpl\ndef flodl_ops():\n    yield OpSpec(name="one", target="acme:one", summary="1.")\n'
    install("acme-bad", plugin_source("flodl_losses", FOCAL, "1 / 0") + later)
    assert () == registry.list("loss")
    assert ["one"] == [op.name for op in registry.list("op")]
    assert "faulty" == _report(registry).state
    assert 1 == len(capfd.readouterr().err.splitlines())


def test_one_name_twice_in_one_hook(install, registry, capfd):
    """The first counts, and it is said."""
    install("acme-bad", plugin_source("flodl_losses", FOCAL, FOCAL.replace("acme:Focal", "acme:Other")))
    [loss] = registry.list("loss")
    assert "acme:Focal" == loss.spec.target
    assert "flodl_losses yielded 'focal' twice, the first counts" in capfd.readouterr().err


def test_many_faults_are_told_in_short(install, registry, capfd):
    """Five hundred wrong items are one line that a person can read."""
    install("acme-bad", plugin_source("flodl_losses", "None").replace("yield None", "yield from range(500)"))
    registry.list()
    [line] = capfd.readouterr().err.splitlines()
    assert "flodl_losses yielded an int, due is LossSpec; and 497 more; disable:" in line
    assert len(line) < 700


def test_a_very_long_message_is_cut(install, registry, capfd):
    """A megabyte of message is no message."""
    install("acme-bad", "raise RuntimeError('x' * 1_000_000)")
    registry.list()
    [line] = capfd.readouterr().err.splitlines()
    assert len(line) < 500


MISSING = {
    "a module that is gone": ("acme_gone", "ModuleNotFoundError: No module named 'acme_gone'"),
    "an attribute that is gone": ("good_plugin:gone", "AttributeError: module 'good_plugin' has no attribute 'gone'"),
    "a value that names nothing": ("acme plugin!", "PluginError: 'acme plugin!' is no entry point"),
    "an object that is None": ("nothing_plugin:nothing", "PluginError: the entry point names None, not a plugin"),
}


@pytest.mark.parametrize(("value", "reason"), MISSING.values(), ids=MISSING)
def test_an_entry_point_that_leads_nowhere(value, reason, install, registry, capfd):
    """As after an uninstallation that left its metadata behind."""
    install("good", GOOD, files={"nothing_plugin.py": "nothing = None"})
    install("acme-bad", value=value)
    assert {"good"} == _listed(registry)
    assert "failed" == _report(registry).state
    [line] = capfd.readouterr().err.splitlines()
    assert reason in line


def test_broken_built_in(install, registry, capfd):
    """flodl's own distributions have no privilege: a broken one is a line, and the rest is listed."""
    install("flodl-nn", "import no_such_module")
    install("good", GOOD)
    assert {"good"} == _listed(registry)
    assert "plugin flodl-nn 1.0" in capfd.readouterr().err


def test_told_once(install, registry, capfd):
    """Asking again does not say it again, nor load it again."""
    install("acme-bad", "raise RuntimeError('no')")
    for _ in range(3):
        registry.list()
    assert 1 == len(capfd.readouterr().err.splitlines())
    assert 1 == len(registry.problems())


def test_no_stderr(install, registry, monkeypatch, capsys):
    """A program without stderr, as under pythonw, lists what works; the problem is kept, and not on stdout."""
    install("good", GOOD)
    install("acme-bad", "raise RuntimeError('no')")
    monkeypatch.setattr("sys.stderr", None)
    assert {"good"} == _listed(registry)
    assert 1 == len(registry.problems())
    assert "" == capsys.readouterr().out
