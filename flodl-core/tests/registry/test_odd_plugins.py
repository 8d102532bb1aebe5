"""Plugins that do at import what no plugin should: the registry answers all the same."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import warnings

import flodl_core.registry
import pytest
from flodl_core.testing import environment, plugin_source

FOCAL = 'LossSpec(name="focal", target="acme:Focal", summary="Focal loss.")'
ASK = "import json; from flodl_core import components; print(json.dumps([c.id for c in components.list('loss')]))"


def _losses(registry):
    return [loss.name for loss in registry.list("loss")]


def _ask(*folders, **variables):
    return subprocess.run(
        [sys.executable, "-c", ASK], env=environment(*folders, **variables), capture_output=True, text=True, check=True
    )


@pytest.mark.parametrize(
    "noise",
    [
        "print('Thank you for installing acme!')",
        "import sys; sys.stdout.write('hello'); sys.stdout = open('/dev/null', 'w')",
        "import logging, sys; logging.basicConfig(stream=sys.stdout, level=1); logging.error('loud')",
        "import warnings; warnings.warn('old', DeprecationWarning)",
        "import logging; logging.disable()",
        "import sys; sys.stderr.write('')",
    ],
)
def test_noise_stays_off_stdout(noise, install, tmp_path, empty):
    """A pipe that reads JSON gets JSON, and a second plugin's failure is still told."""
    install("acme", plugin_source("flodl_losses", FOCAL, before=noise))
    install("zebra", "raise RuntimeError('no')")
    answer = _ask(tmp_path, empty)
    assert ["loss:acme/focal"] == json.loads(answer.stdout)
    assert "plugin zebra 1.0 (entry point 'zebra' -> zebra_plugin): RuntimeError: no" in answer.stderr


def test_noise_of_a_target_stays_off_stdout(install, registry, capsys):
    """A target is imported late, perhaps while an answer is being written."""
    install("acme", plugin_source("flodl_losses", FOCAL), files={"acme.py": "print('hi')\ndef Focal(): return 1\n"})
    assert registry.create("loss", "focal") == 1
    out, err = capsys.readouterr()
    assert ("", "hi\n") == (out, err)


def test_a_plugin_that_asks_the_registry_while_it_is_imported(install, registry, monkeypatch):
    """It gets an answer: what loaded before it, what has yet to load, and not itself."""
    monkeypatch.setattr(flodl_core.registry, "components", registry)
    install("able", plugin_source("flodl_losses", FOCAL.replace("focal", "first")))
    seen = "from flodl_core.registry import components\nseen = [c.name for c in components.list('loss')]\n"
    install("baker", plugin_source("flodl_losses", FOCAL.replace("focal", "second"), before=seen))
    install("charlie", plugin_source("flodl_losses", FOCAL.replace("focal", "third")))
    assert ["first", "second", "third"] == _losses(registry)
    assert ["first", "third"] == sys.modules["baker_plugin"].seen


def test_a_plugin_that_looks_for_its_own_component_while_it_is_imported(install, registry, monkeypatch, capsys):
    """It is not there yet: the plugin fails with one line that says so."""
    monkeypatch.setattr(flodl_core.registry, "components", registry)
    ask = "from flodl_core.registry import components\ncomponents.find('loss', 'focal')\n"
    install("acme", plugin_source("flodl_losses", FOCAL, before=ask))
    assert [] == _losses(registry)
    [line] = capsys.readouterr().err.splitlines()
    assert "UnknownComponent: no loss is called 'focal'" in line


def test_a_plugin_that_refreshes_while_it_is_imported(install, registry, monkeypatch, capsys):
    """Pulling the floor away under the one who loads is an error of that plugin alone."""
    monkeypatch.setattr(flodl_core.registry, "components", registry)
    install("acme", "from flodl_core.registry import components\ncomponents.refresh()\n")
    install("good", plugin_source("flodl_losses", FOCAL))
    assert ["focal"] == _losses(registry)
    assert "PluginError: refresh() was called while plugin acme 1.0" in capsys.readouterr().err


THREAD = """
import threading
from flodl_core.registry import components
answer = []
def ask():
    try:
        answer.append(components.find("module", {name!r}).id)
    except Exception as error:
        answer.append(str(error))
asking = threading.Thread(target=ask)
asking.start()
asking.join()
"""


def test_a_plugin_that_waits_for_a_thread_that_asks_for_a_built_in(install, registry, monkeypatch):
    """What is built in is answered without waiting for the plugins to load."""
    monkeypatch.setattr(flodl_core.registry, "components", registry)
    install("flodl-nn", plugin_source("flodl_modules", 'ModuleSpec(name="linear", target="a:b", summary="Line.")'))
    install("acme", plugin_source("flodl_losses", FOCAL, before=THREAD.format(name="linear")))
    assert ["focal"] == _losses(registry)
    assert ["module:flodl-nn/linear"] == sys.modules["acme_plugin"].answer


def test_a_plugin_that_waits_for_a_thread_that_waits_for_it(install, registry, monkeypatch):
    """A deadlock ends in an error that names the plugin, not in silence."""
    monkeypatch.setattr(flodl_core.registry, "components", registry)
    monkeypatch.setattr(flodl_core.registry, "PATIENCE", 0.2)
    install("acme", plugin_source("flodl_losses", FOCAL, before=THREAD.format(name="unheard_of")))
    assert ["focal"] == _losses(registry)
    [answer] = sys.modules["acme_plugin"].answer
    assert answer.startswith("another thread has been loading plugins for 0 s: plugin acme 1.0")


def test_a_plugin_that_configures_the_world(install, registry, monkeypatch):
    """Its own component is listed; what its emptied path breaks is told of the broken one."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(os, "environ", os.environ.copy())
    mess = """
        import logging, os, sys, warnings
        os.environ["FLODL_DISABLE_PLUGINS"] = "zebra"
        sys.path.clear()
        logging.disable(logging.CRITICAL)
        warnings.simplefilter("error")
    """
    with warnings.catch_warnings():
        install("acme", plugin_source("flodl_losses", FOCAL, before=mess))
        install("good", plugin_source("flodl_ops", 'OpSpec(name="one", target="a:b", summary="1.")'))
        sys.path_importer_cache.clear()
        try:
            assert ["focal"] == _losses(registry)
            assert {"acme": "loaded", "good": "failed"} == {r.distribution: r.state for r in registry.plugins()}
        finally:
            logging.disable(logging.NOTSET)


def test_a_plugin_object_with_properties_that_raise(install, registry):
    """Only hooks are looked at."""
    source = """
        from flodl_core import *
        class Plugin:
            @property
            def broken(self): raise RuntimeError("do not touch")
            @property
            def flodl_ops(self): raise RuntimeError("do not touch")
            @hookimpl
            def flodl_losses(self): yield LossSpec(name="focal", target="acme:Focal", summary="Focal loss.")
        plugin = Plugin()
    """
    install("acme", source.replace("\n        ", "\n"), value="acme_plugin:plugin")
    assert ["focal"] == _losses(registry)


def test_a_module_whose_getattr_raises(install, registry):
    """Likewise: what is not there is not asked for."""
    lazy = "def __getattr__(name): raise RuntimeError(name)\n"
    install("acme", plugin_source("flodl_losses", FOCAL, before=lazy))
    assert ["focal"] == _losses(registry)


def test_unusual_names(install, registry, capsys):
    """Entry points may be called anything that packaging lets through; each line stays one line."""
    install("acme", plugin_source("flodl_losses", FOCAL), entry_point="größe, v2 (beta)")
    install("Zope.Interface_Like", "raise RuntimeError('no')", entry_point="a.b/c:d")
    assert ["focal"] == _losses(registry)
    assert "acme/focal" == registry.find("loss", "acme/focal").qualified
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("plugin zope-interface-like 1.0 (entry point 'a.b/c:d' ->")
    assert line.endswith("disable: FLODL_DISABLE_PLUGINS=zope-interface-like")
