"""The page: template, style, script, charts and data in one file that nothing can inject into.

Data is JSON inside an element that no browser runs, with `<`, `>` and `&` escaped; the script writes
names as text only; and a Content-Security-Policy allows exactly this page's own scripts and styles,
by their hashes, and no request at all.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from string import Template

from flodl_monitor.history import History
from flodl_monitor.web.payload import EXACT, LIVE, history_of, payload_of

_SCRIPTS = ("data", "view", "charts", "menu", "panels", "live", "main")
_DATA = re.compile(r'<script type="application/json" id="run">(.*?)</script>', re.DOTALL)


def page_of(
    history: History, *, title: str, total: int, finished: bool, live: Mapping[str, str | int] | None = None
) -> str:
    """A run as a page of HTML, self-contained.

    Args:
        live: Of a served page: the feed it goes on from, `run`, and the number of the last event it holds, `after`.
    """
    title = str(title).encode("utf-8", "backslashreplace").decode()  # a file's name may be half a letter
    points = EXACT if live is None else LIVE
    payload = payload_of(history, title=title, total=total, finished=finished, points=points)
    if live is not None:
        payload["live"] = dict(live)
    data = _harmless(json.dumps(payload, separators=(",", ":"), allow_nan=False))
    parts = _parts()
    return Template(parts["template"]).substitute(
        title=html.escape(title),
        policy=_policy((parts["charts"], parts["script"]), (parts["charts_style"], parts["style"]), live is not None),
        charts_style=parts["charts_style"],
        style=parts["style"],
        charts=parts["charts"],
        script=parts["script"],
        data=data,
    )


def history_in(page: str) -> History:
    """The history in a page that `page_of` made, with the page's seven digits.

    Raises:
        ValueError, LookupError, TypeError: It is another page.
    """
    found = _DATA.search(page)
    if found is None:
        raise ValueError("not a page of a training run")
    return history_of(json.loads(found.group(1)))


def _harmless(data: str) -> str:
    """JSON that no HTML parser can take for markup: these marks occur within its strings alone."""
    for mark in "<>&":
        data = data.replace(mark, f"\\u{ord(mark):04x}")
    return data


def _policy(scripts: tuple[str, ...], styles: tuple[str, ...], live: bool) -> str:
    """Exactly these, and nothing from anywhere; a served page may listen to where it came from."""
    allowed = f"script-src {' '.join(map(_hash, scripts))}; style-src {' '.join(map(_hash, styles))}"
    connect = " connect-src 'self';" if live else ""
    return f"default-src 'none'; {allowed};{connect} base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _parts() -> dict[str, str]:
    web = files("flodl_monitor.web")
    names = {
        "template": "page.html",
        "style": "page.css",
        "charts": "vendor/uplot/uPlot.iife.min.js",
        "charts_style": "vendor/uplot/uPlot.min.css",
    }
    read = {part: web.joinpath(name).read_text(encoding="utf-8") for part, name in names.items()}
    script = "".join((web / "script" / f"{name}.js").read_text(encoding="utf-8") for name in _SCRIPTS)
    return {**read, "script": f'"use strict";\n(() => {{\n{script}}})();\n'}
