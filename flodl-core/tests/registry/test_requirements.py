"""What a component requires is looked at before its target is imported (G20)."""

from __future__ import annotations

import pytest
from flodl_core import API_VERSION, PluginError
from flodl_core.requirements import unmet
from flodl_core.testing import plugin_source

SENTINEL = {"acme.py": "from pathlib import Path\nPath(__file__).with_suffix('.imported').touch()\ndef f(): return 1\n"}


@pytest.mark.parametrize(
    ("field", "what", "mend"),
    [
        (
            f"requires_api={API_VERSION + 1}",
            f"it asks for flodl's API {API_VERSION + 1}, this is {API_VERSION}",
            "core",
        ),
        ("requires=('no-such-library>=2',)", "it requires no-such-library>=2, which is not installed", "no-such"),
        ("requires=('attrs>=9999',)", "it requires attrs>=9999, and attrs ", "'attrs>=9999'"),
        ("requires=('attrs', 'pluggy<0.1')", "it requires pluggy<0.1, and pluggy ", "'pluggy<0.1'"),
        ("requires=('no requirement!',)", "it requires no requirement!, which cannot be checked", "no requirement!"),
    ],
)
def test_an_unmet_requirement(field, what, mend, install, registry, tmp_path):
    """It is listed; using it is an error with the command that mends it; nothing was imported."""
    spec = f'LossSpec(name="focal", target="acme:f", summary="S.", {field})'
    install("acme-losses", plugin_source("flodl_losses", spec), files=SENTINEL)
    [focal] = registry.list("loss")
    for ask in (focal.load, focal.check_requirements, focal.create):
        with pytest.raises(PluginError) as caught:
            ask()
        assert what in caught.value.what
        assert mend in caught.value.mend
    assert not (tmp_path / "acme.imported").exists()


@pytest.mark.parametrize(
    "field",
    [
        f"requires_api={API_VERSION}",
        "requires=('attrs>=20', 'Pluggy')",
        "requires=('no-such-library; python_version < \"3\"',)",
        "requires=('no-such-library; extra == \"gpu\"',)",
    ],
)
def test_a_met_requirement(field, install, registry):
    """Installed and new enough, or not asked for here."""
    spec = f'LossSpec(name="focal", target="acme:f", summary="S.", {field})'
    install("acme-losses", plugin_source("flodl_losses", spec), files=SENTINEL)
    assert 1 == registry.create("loss", "focal")


def test_a_requirement_without_a_version(install, registry):
    """Metadata may be damaged there too: a sentence, not a traceback."""
    install("odd", metadata="Metadata-Version: 2.1\nName: odd\nVersion: who knows\n")
    assert unmet("odd>=1").startswith(("which cannot be checked", "and odd who knows is installed"))
