"""What these tests share: the command in a process of its own, and plugins that look installed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from flodl_core.testing import environment, fake_distribution, plugin_source

TORCH_TRAP = "import pathlib; pathlib.Path(__file__).with_name('torch_was_imported').touch(); raise ImportError('trap')"


@pytest.fixture
def device():
    """Where tensors live: the CPU, or what FLODL_TEST_DEVICE says."""
    torch = pytest.importorskip("torch")
    return torch.device(os.environ.get("FLODL_TEST_DEVICE", "cpu"))


@pytest.fixture
def site(tmp_path):
    """A folder in which fake distributions are installed, with a torch that tells when it is imported."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "torch.py").write_text(TORCH_TRAP)
    return folder


@pytest.fixture
def here(tmp_path):
    """The current folder of the commands."""
    folder = tmp_path / "here"
    folder.mkdir()
    return folder


@pytest.fixture
def flodl(site, here):
    """Run `flodl ARGUMENTS` in a process of its own."""

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-W", "error", "-m", "flodl_cli", *arguments]
        env = environment(site, COLUMNS="80", **variables)
        return subprocess.run(command, cwd=here, env=env, capture_output=True, text=True, timeout=120)

    return run


@pytest.fixture
def install(site):
    """Install a plugin: `install("acme", "flodl_losses", 'LossSpec(...)')`; other files by keyword `files`."""

    def make(name, hook, *specs, version="1.0", before="", files=None, requires=()):
        module = f"{name.replace('-', '_')}_plugin"
        return fake_distribution(
            site,
            name,
            version,
            entry_points={name: module},
            files={f"{module}.py": plugin_source(hook, *specs, before=before), **(files or {})},
            requires=requires,
        )

    return make


@pytest.fixture
def acme(install):
    """A healthy plugin with a few components."""
    return install(
        "acme-layers",
        "flodl_modules",
        'ModuleSpec(name="acme_glu", target="acme.layers:FeedForwardOfAcme", summary="Gated SiLU feed-forward.",'
        ' category="gated", aliases=("FeedForwardOfAcme",), example=Example(args=(8,), inputs=("f32[4,8]",)))',
        'ModuleSpec(name="conv9d", target="acme.layers:conv9d", summary="Nine dimensions.")',
        'ModuleSpec(name="old", target="acme.layers:Old", summary="Once good.", deprecated="use acme_glu")',
        version="0.3",
        files={
            "acme/__init__.py": "import torch\n",
            "acme/layers.py": "class FeedForwardOfAcme:\n    def __init__(self, dim: int, *, bias: bool = True): ...\n",
        },
    )
