"""Names told apart from ways into Python modules: an experiment file may say the ones and never the others."""

from __future__ import annotations

import re

from flodl_core.component import KINDS

NAMES_ONLY = "experiment files hold names only, never code: flodl list shows what is registered"
"""What to do about a code path."""

_NAME = re.compile(rf"(({'|'.join(KINDS)}):)?([A-Za-z0-9][\w.\-]*/)?[A-Za-z]\w*", re.ASCII)
_CODE_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_][\w.]*|[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")


def is_name(value: object) -> bool:
    """Whether a value can be a component's name at all.

    >>> is_name("flodl-nn/linear"), is_name("os:system"), is_name("os.system")
    (True, False, False)
    """
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def is_code_path(value: object) -> bool:
    """Whether a value reads like a way into a Python module, and not like a name.

    >>> is_code_path("os:system"), is_code_path("acme.layers.SwiGLU"), is_code_path("module:linear")
    (True, True, False)
    """
    return isinstance(value, str) and not is_name(value) and _CODE_PATH.fullmatch(value) is not None
