"""JSON for programs: on stdout alone, keys in a fixed order, the number of its schema first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

SCHEMA = 1
"""Keys may be added under this number; nothing is renamed or removed without raising it."""


def print_json(payload: Mapping[str, Any]) -> None:
    """Print one JSON object. ASCII only: it arrives whole in any locale."""
    click.echo(json.dumps({"schema": SCHEMA, **payload}, indent=2))
