"""Whose code a target is: told from metadata, with nothing imported."""

from __future__ import annotations

import json
import sys

import pytest
from flodl_core.ownership import foreign_target
from flodl_core.testing import fake_distribution, fresh_registry, plugin_source


def _world(folder, target):
    fake_distribution(
        folder,
        "acme-losses",
        entry_points={"acme": "acme_plugin"},
        requires=["tools-for-all[fast]>=1; python_version > '3'", "not-installed"],
        files={
            "acme_plugin.py": plugin_source("flodl_losses", f'LossSpec(name="x", target="{target}", summary="S.")'),
            "acme/__init__.py": "raise SystemExit('imported')",
            "single.py": "raise SystemExit('imported')",
            "compiled.cpython-311-x86_64-linux-gnu.so": "",
        },
    )
    fake_distribution(folder, "tools-for-all", requires=["deeper"], files={"tools/__init__.py": ""})
    fake_distribution(folder, "deeper", requires=["acme-losses"], files={"deep.py": ""})
    fake_distribution(folder, "stranger", files={"strange/__init__.py": ""})


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("acme.losses:X", None),
        ("single:X", None),
        ("compiled:X", None),
        ("acme_plugin:X", None),
        ("tools.losses:X", None),
        ("deep:X", None),
        ("os:system", "os:system is Python's own code, not acme-losses's"),
        ("strange.inner:X", "strange.inner:X belongs to stranger, not to acme-losses or what it requires"),
        ("nowhere:X", "nowhere:X belongs to no installed distribution, not to acme-losses or what it requires"),
    ],
)
def test_owner(target, said, tmp_path, empty):
    """Its own files, and those of what it requires, however far; nothing else."""
    _world(tmp_path, target)
    with fresh_registry(tmp_path, empty) as registry:
        [loss] = registry.list("loss")
        assert said == foreign_target(loss)
    assert not {"acme", "single", "strange"} & set(sys.modules)


@pytest.mark.parametrize("found", ["my source/src", "another copy"])
def test_an_editable_installation_owns_its_source(found, tmp_path, empty):
    """pip lists no modules there, but says where the source is; a copy that is found first changes nothing."""
    site, source = tmp_path / "site", tmp_path / "my source"
    (source / "src" / "acme").mkdir(parents=True)
    (source / "src" / "acme" / "__init__.py").touch()
    (tmp_path / "another copy" / "acme").mkdir(parents=True)
    (tmp_path / "another copy" / "acme" / "__init__.py").touch()
    fake_distribution(
        site,
        "acme-losses",
        entry_points={"acme": "acme_plugin"},
        files={
            "acme_plugin.py": plugin_source("flodl_losses", 'LossSpec(name="x", target="acme.f:X", summary="S.")'),
            "acme_losses-1.0.dist-info/direct_url.json": json.dumps(
                {"url": source.as_uri(), "dir_info": {"editable": True}}
            ),
        },
    )
    with fresh_registry(site, tmp_path / found, empty) as registry:
        [loss] = registry.list("loss")
        assert foreign_target(loss) is None
