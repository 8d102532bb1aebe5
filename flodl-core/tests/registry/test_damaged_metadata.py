"""What pip leaves behind when it is interrupted, and what people do by hand."""

from __future__ import annotations

import pytest
from flodl_core.testing import fake_distribution, fresh_registry, plugin_source

FOCAL = plugin_source("flodl_losses", 'LossSpec(name="focal", target="acme:Focal", summary="Focal loss.")')


def test_metadata_without_a_name(install, registry, capsys):
    """Its components can be used; one line says which folder to look at."""
    made = install("acme", FOCAL, metadata="Metadata-Version: 2.1\nVersion: 1.0\n")
    assert ["unknown/focal"] == [loss.qualified for loss in registry.list("loss")]
    [line] = capsys.readouterr().err.splitlines()
    assert f"the metadata in {made.folder} has no Name" in line


def test_metadata_without_a_version(install, registry):
    """A version is only shown, so it may be missing."""
    install("acme", FOCAL, metadata="Metadata-Version: 2.1\nName: acme\n")
    assert "acme ?" == str(registry.find("loss", "focal").origin)


@pytest.mark.parametrize("text", ["[flodl]\nno equals sign\n", "\udcff\udcfe[flodl]\nx = y\n"], ids=["syntax", "bytes"])
def test_entry_points_that_cannot_be_read(text, install, registry, tmp_path, capsys):
    """One damaged file costs only its own distribution, which is named by its folder."""
    install("acme", FOCAL)
    damaged = install("damaged", FOCAL)
    path = tmp_path / next(file for file in damaged.files if file.endswith("entry_points.txt"))
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    assert ["acme/focal"] == [loss.qualified for loss in registry.list("loss")]
    [line] = capsys.readouterr().err.splitlines()
    assert f"a distribution in {tmp_path} cannot be read: " in line


def test_the_same_distribution_twice(tmp_path, empty, capsys):
    """Installed and editable, say: the first on the path counts, as for every import, and once."""
    for folder, version in (("one", "1.0"), ("two", "2.0")):
        fake_distribution(
            tmp_path / folder, "acme", version, entry_points={"acme": "acme_plugin"}, files={"acme_plugin.py": FOCAL}
        )
    with fresh_registry(tmp_path / "one", tmp_path / "two", empty) as registry:
        assert ["acme 1.0"] == [str(loss.origin) for loss in registry.list("loss")]
        assert ["1.0"] == [report.version for report in registry.plugins()]
    assert "" == capsys.readouterr().err


def test_two_distributions_with_one_entry_point_name(install, registry, capsys):
    """Both count: an entry point's name is private to its distribution."""
    install("acme", FOCAL, entry_point="plugin")
    install("bolt", FOCAL.replace("focal", "huber"), entry_point="plugin")
    assert ["acme/focal", "bolt/huber"] == [loss.qualified for loss in registry.list("loss")]
    assert "" == capsys.readouterr().err


def test_two_entry_points_of_one_distribution_with_one_name(tmp_path, empty, capsys):
    """The first by entry point's name counts, and it is said."""
    fake_distribution(
        tmp_path,
        "acme",
        entry_points={"b": "acme_b", "a": "acme_a"},
        files={"acme_a.py": FOCAL.replace("acme:", "acme_a:"), "acme_b.py": FOCAL.replace("acme:", "acme_b:")},
    )
    with fresh_registry(tmp_path, empty) as registry:
        assert "acme_a:Focal" == registry.find("loss", "focal").spec.target
        assert 1 == len(registry.list("loss"))
    [line] = capsys.readouterr().err.splitlines()
    assert "loss 'focal' is also brought by the entry point 'a'; the one of 'a' counts" in line
