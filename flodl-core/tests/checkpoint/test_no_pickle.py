"""Nothing in this package can run code from a file."""

import ast
from pathlib import Path

import pytest
from flodl_core import checkpoint

DOOR = "torch_file.py"  # the one exception: torch's restricted loader, for `convert`
FILES = sorted(Path(checkpoint.__file__).parent.rglob("*.py"))
FORBIDDEN = {"pickle", "cloudpickle", "dill", "marshal", "shelve", "joblib", "ctypes", "subprocess", "importlib"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_file_is_executed(path):
    """No pickle, no torch.load or torch.save, no eval."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            assert not FORBIDDEN & {alias.name.partition(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert (node.module or "").partition(".")[0] not in FORBIDDEN
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            forbidden = {("torch", "save"), *([] if path.name == DOOR else [("torch", "load")])}
            assert (node.value.id, node.attr) not in forbidden
        if isinstance(node, ast.Name):
            assert node.id not in {"eval", "exec", "__import__", "compile"}


def test_listing_the_package_imports_no_torch():
    """`import flodl_core.checkpoint` is light; its names arrive when they are used."""
    import subprocess
    import sys

    code = "import sys, flodl_core.checkpoint as c; assert 'load_checkpoint' in dir(c); print('torch' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"


def test_the_one_door_is_the_restricted_loader():
    """Every torch.load there says weights_only=True."""
    tree = ast.parse(next(path for path in FILES if path.name == DOOR).read_text())
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) == "torch.load"]
    assert calls
    for call in calls:
        assert "weights_only=True" in [f"{keyword.arg}={ast.unparse(keyword.value)}" for keyword in call.keywords]
