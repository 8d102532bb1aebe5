from types import SimpleNamespace

from flodl import components
from flodl_core import ModuleSpec, hookimpl


@hookimpl
def flodl_modules():
    yield ModuleSpec(name="absent", target="absent_package.layers:Layer", summary="Its package is not there.")


components.register(SimpleNamespace(flodl_modules=flodl_modules), "mine")
components.create("module", "absent")

# it ends with
# PluginError: module 'absent' cannot be loaded: ModuleNotFoundError: No module named 'absent_package'
#   at: absent_package.layers:Layer, of session
#   try: ask session about it, or pip install --upgrade session
