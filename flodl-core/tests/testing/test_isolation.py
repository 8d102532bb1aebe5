"""The tools for plugin tests leave nothing behind."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from importlib import metadata

import pytest
from flodl_core.testing import environment, fake_distribution, fresh_registry, plugin_source

LOSS = plugin_source("flodl_losses", 'LossSpec(name="acme_loss", target="acme_code:f", summary="S.")')


@pytest.fixture
def acme(tmp_path):
    """A distribution with a plugin and its target."""
    return fake_distribution(
        tmp_path / "site",
        "acme-losses",
        "0.3",
        entry_points={"acme": "acme_plugin"},
        files={"acme_plugin.py": LOSS, "acme_code/__init__.py": "def f(): return 1\n"},
        requires=["attrs>=20"],
    )


def test_it_looks_installed(acme):
    """To importlib.metadata there is no difference."""
    with fresh_registry(acme.folder):
        distribution = metadata.distribution("acme-losses")
        assert ("0.3", ["attrs>=20"]) == (distribution.version, distribution.requires)
        assert set(acme.files) == {str(file) for file in distribution.files}
        assert all((acme.folder / file).is_file() for file in acme.files)


def test_nothing_is_left(acme):
    """Path, modules and metadata are as before, also after an error."""
    path = list(sys.path)
    with contextlib.suppress(ZeroDivisionError), fresh_registry(acme.folder) as registry:
        assert 1 == registry.create("loss", "acme_loss")
        assert {"acme_plugin", "acme_code"} <= set(sys.modules)
        sys.path = [*sys.path, "elsewhere"]
        1 / 0  # noqa: B018
    assert path == sys.path
    assert not {"acme_plugin", "acme_code"} & set(sys.modules)
    with pytest.raises(metadata.PackageNotFoundError):
        metadata.distribution("acme-losses")


def test_a_changed_plugin_is_read_again(acme):
    """Two tests that write the same module do not see each other's."""
    for name in ("first", "second"):
        (acme.folder / "acme_plugin.py").write_text(LOSS.replace("acme_loss", name) + f"# {name}\n")
        with fresh_registry(acme.folder) as registry:
            assert name in [loss.name for loss in registry.list("loss")]


def test_uninstall(acme):
    """What it wrote is gone; the folder stays."""
    acme.uninstall()
    assert not any((acme.folder / file).exists() for file in acme.files)


def test_environment_of_a_subprocess(acme, monkeypatch):
    """It sees the folder, and none of this machine's policy."""
    monkeypatch.setenv("FLODL_PLUGINS", "")
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    variables = environment(acme.folder, FLODL_DISABLE_PLUGINS="bolt")
    assert "FLODL_PLUGINS" not in variables
    assert ("bolt", f"{acme.folder}{os.pathsep}elsewhere") == (
        variables["FLODL_DISABLE_PLUGINS"],
        variables["PYTHONPATH"],
    )


def test_neither_pytest_nor_torch_is_needed():
    """G19: a plugin author may use it from a script."""
    ask = "import sys; sys.modules['pytest'] = sys.modules['torch'] = None\nfrom flodl_core.testing import *"
    subprocess.run([sys.executable, "-c", ask], env=environment(), check=True)
